"""Words by which `bot.digest.clauses` tells where a sentence may be cut: scientific English, lower case."""

# Participles that open a clause at the end of a sentence, as alternatives of a pattern.
PARTICIPLES = (
    "allowing|enabling|leading|making|resulting|improving|achieving|reducing|providing|outperforming|yielding|giving"
    "|demonstrating|showing|revealing|offering|ensuring|facilitating|helping|avoiding|eliminating|increasing"
    "|decreasing|establishing|surpassing|producing|obtaining|generating|paving|opening|thereby|thus|hence|bridging"
    "|highlighting|capturing|preserving|maintaining|leveraging|using|exploiting|utili[sz]ing|employing|combining"
    "|integrating|incorporating|drawing|building|taking|ranging|covering|spanning|comprising|including|focusing|aiming"
    "|addressing|treating|based on|inspired by|motivated by|followed by|coupled with|compared (?:to|with)|called|termed"
    "|named|dubbed|creating|causing|promoting|encouraging|guiding|mitigating|alleviating|removing|saving|accelerating"
    "|speeding|extending|regardless|being"
)
# Verbs that open the second half of "We do this and …", as alternatives of a pattern.
VERBS = (
    "show|demonstrate|prove|provide|evaluate|apply|discuss|use|propose|present|introduce|develop|derive|analy[sz]e|study"
    "|compare|test|investigate|explore|establish|argue|report|give|describe|illustrate|validate|observe|verify|examine"
    "|design|release|identify|highlight|offer|conduct|achieve|obtain|improve|outperform|shows|demonstrates|achieves"
    "|outperforms|improves|provides|evaluates|offers|proposes|presents|discusses|introduces|makes|performs|is|are|has"
    "|have|allows|enables|reduces|requires|leads|yields|can"
)
# Forms that make a clause complete; those that are nouns as often are left out.
_FINITE_TEXT = """
    is are was were has have had can could may might will would shall should must does did outperforms
    outperform achieves achieve improves improve reduces reduce provides provide allows allow enables enable
    shows requires require leads yields yield remains remain suffers suffer relies rely learns learn makes make
    gives give demonstrates demonstrate offers offer produces produce performs perform consists consist
    generates generate introduces introduce proposes propose presents present addresses address aims helps help
    exhibits exhibit increases combines combine depends depend becomes become contains contain captures capture
    generalizes generalize generalises generalise supports takes take operates operate extends extend exploits
    exploit ensures ensure involves involve represents represent compares compare leverages describes describe
    explores explore investigates investigate analyzes analyze analyse examines examine evaluates evaluate
    develops develop discusses discuss surpasses surpass matches exceeds exceed converges converge implies imply
    reveals reveal fails fail tends tend seems seem appears appear holds hold exists exist follows facilitates
    facilitate obtains obtain attains attain adapts adapt predicts predict solves solve achieved improved showed
    demonstrated outperformed
"""
FINITE = frozenset(_FINITE_TEXT.split())
# A sentence never ends with these.
_NO_END_TEXT = """
    a an the this that these those its their our his her your my some any each every no all both either neither
    such same other another of in on at by for with from to into onto over under between among across through
    during without within via using per than as like unlike upon about against toward towards along together up
    out off well so-called and or but nor so yet if when while whereas although though because since unless
    until whether where which who whom whose what how why is are was were be been being has have had do does did
    can could may might will would shall should must not never also only just even still very more most less
    least much many we i it they he she you them us him one two three four five several few various new novel
    able capable robust similar useful effective efficient suitable competitive comparable consistent better
    best different equivalent invariant applicable relevant specific necessary sufficient crucial important
    essential critical due according given sensitive prone subject close limited large small high low simple
    good strong weak general possible likely easy hard difficult free independent dependent optimal first second
    third then e.g i.e etc namely including state-of-the-art end-to-end multi- fast scalable accurate adaptive
    dynamic powerful flexible practical lightweight unified principled systematic comprehensive rigorous
    simultaneously show demonstrate prove find argue observe note conclude propose present introduce verify
    suggest ensure assume further often highly fully publicly available superior significant substantial vs
    versus non left right rather
"""
NO_END = frozenset(_NO_END_TEXT.split())
# Words in -ing and -ed that may end a sentence all the same.
_ENDING_NOUNS_TEXT = """
    learning training reasoning modeling modelling processing embedding understanding planning testing scaling
    tuning fine-tuning finetuning pre-training pretraining mapping matching clustering pruning sampling encoding
    decoding coding programming computing parsing tracking ranking labeling labelling sensing imaging
    engineering setting meaning being prompting forecasting rendering drawing building string thing everything
    anything something boosting averaging smoothing pooling routing scheduling answering captioning speed need
    seed feed embed feedback unlearning steering grounding benchmarking hashing forgetting reweighting weighting
    masking denoising spring king ring wing editing alignment filtering searching meta-learning spacing
    bootstrapping monitoring marketing mining ending beginning timing heating cooling lensing splitting coupling
    broadening mixing scattering
"""
ENDING_NOUNS = frozenset(_ENDING_NOUNS_TEXT.split())
