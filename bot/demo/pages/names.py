"""What arXiv calls its categories on its pages (https://arxiv.org/category_taxonomy); data and look-up only."""

_COMPUTER_SCIENCE = """
AI Artificial Intelligence|AR Hardware Architecture|CC Computational Complexity
CE Computational Engineering, Finance, and Science|CG Computational Geometry|CL Computation and Language
CR Cryptography and Security|CV Computer Vision and Pattern Recognition|CY Computers and Society|DB Databases
DC Distributed, Parallel, and Cluster Computing|DL Digital Libraries|DM Discrete Mathematics
DS Data Structures and Algorithms|ET Emerging Technologies|FL Formal Languages and Automata Theory
GL General Literature|GR Graphics|GT Computer Science and Game Theory|HC Human-Computer Interaction
IR Information Retrieval|IT Information Theory|LG Machine Learning|LO Logic in Computer Science
MA Multiagent Systems|MM Multimedia|MS Mathematical Software|NA Numerical Analysis
NE Neural and Evolutionary Computing|NI Networking and Internet Architecture|OH Other Computer Science
OS Operating Systems|PF Performance|PL Programming Languages|RO Robotics|SC Symbolic Computation|SD Sound
SE Software Engineering|SI Social and Information Networks|SY Systems and Control
"""
_OTHERS = """
stat.ML Machine Learning|stat.ME Methodology|stat.AP Applications|stat.CO Computation|stat.TH Statistics Theory
eess.AS Audio and Speech Processing|eess.IV Image and Video Processing|eess.SP Signal Processing
eess.SY Systems and Control|math.OC Optimization and Control|math.NA Numerical Analysis|math.ST Statistics Theory
math.PR Probability|math.CO Combinatorics|math.IT Information Theory|econ.EM Econometrics
econ.GN General Economics|econ.TH Theoretical Economics|q-bio.NC Neurons and Cognition
q-bio.QM Quantitative Methods|q-bio.BM Biomolecules|q-bio.GN Genomics|q-fin.ST Statistical Finance
physics.med-ph Medical Physics|physics.ao-ph Atmospheric and Oceanic Physics|physics.chem-ph Chemical Physics
physics.comp-ph Computational Physics|physics.data-an Data Analysis, Statistics and Probability
physics.soc-ph Physics and Society|cond-mat.mtrl-sci Materials Science
cond-mat.dis-nn Disordered Systems and Neural Networks
astro-ph.IM Instrumentation and Methods for Astrophysics|quant-ph Quantum Physics
hep-ex High Energy Physics - Experiment|hep-th High Energy Physics - Theory
hep-ph High Energy Physics - Phenomenology|math-ph Mathematical Physics
"""
_PHYSICS_ARCHIVES = """
astro-ph cond-mat gr-qc hep-ex hep-lat hep-ph hep-th math-ph nlin nucl-ex nucl-th physics quant-ph
"""
_PHYSICS = frozenset(_PHYSICS_ARCHIVES.split())


def _read(text: str, prefix: str = "") -> dict[str, str]:
    entries = (entry.split(" ", 1) for line in text.strip().splitlines() for entry in line.split("|"))
    return {prefix + code: name for code, name in entries}


CATEGORY_NAMES = _read(_COMPUTER_SCIENCE, "cs.") | _read(_OTHERS)


def category_name(category: str) -> str:
    """Return the name arXiv prints for `category`, or the code itself where this short list lacks it."""
    return CATEGORY_NAMES.get(category, category)


def group_of(category: str) -> str:
    """Return the group of `category`'s archive: "physics" for all physics archives, else the archive itself."""
    archive = category.split(".", 1)[0]
    return "physics" if archive in _PHYSICS else archive
