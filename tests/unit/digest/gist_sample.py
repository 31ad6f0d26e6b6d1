"""Ten abstracts written for this project, each with the sentence (counted from 0) that tells what the paper is about.

Made so that no single rule finds them all: the first sentence, the first cue and the nearest to the title are all wrong
somewhere.
"""

import re

_ASIDE = re.compile(r" \([^()]*\)")


def is_run_of(text: str, sentence: str) -> bool:
    """Return whether `text` is a run of words of `sentence`, whole words at both ends.

    It may begin with a capital, end in a full stop where the sentence goes on, and leave out asides in brackets.
    """
    if text in sentence:
        start = sentence.index(text)
        if (start == 0 or sentence[start - 1].isspace()) and _matches(text, sentence, start):
            return True
    starts = [0, *(match.end() for match in re.finditer(r"\s", sentence))]
    bare = text.removesuffix(".")
    return any(_matches(one, sentence, start) for one in (text, bare) for start in starts)


def _matches(text: str, sentence: str, start: int) -> bool:
    places = {start}
    for step, character in enumerate(text):
        found = _past_asides(places, sentence)
        places = {
            place + 1
            for place in found
            if place < len(sentence)
            and (sentence[place] == character or (step == 0 and sentence[place].upper() == character))
        }
    return any(place == len(sentence) or not sentence[place].isalnum() for place in places)


def _past_asides(places: set[int], sentence: str) -> set[int]:
    found: set[int] = set()
    waiting = set(places)
    while waiting:
        found |= waiting
        waiting = {match.end() for place in waiting if (match := _ASIDE.match(sentence, place))} - found
    return found


SAMPLE: tuple[tuple[str, str, int], ...] = (
    (
        "Slow Gates: Delayed Routing for Mixture-of-Experts Training",
        (
            "Mixture-of-experts models grow without growing the cost of a token. Their routers, "
            "however, settle on a few "
            "experts early. We describe this effect on three public models. In this paper, we propose Slow Gates, a "
            "training schedule that delays routing decisions until experts have become different. "
            "Slow Gates improves "
            "perplexity by 4% over balanced routing. Code is available at https://example.org/gates."
        ),
        3,
    ),
    (
        "A Corpus of Kitchen Instructions in Twelve Languages",
        (
            "Following instructions is a basic skill of robots. We introduce a corpus of kitchen "
            "instructions in twelve "
            "languages, with the video of a person following each of them. Annotators agreed on 93% of the steps. We "
            "present baselines with three models. All of them fail on instructions with negation."
        ),
        1,
    ),
    (
        "Gradient Descent Finds Flat Valleys in Deep Linear Networks",
        (
            "Why trained networks generalise is an open question. We show that gradient descent "
            "with a large step finds "
            "flat valleys in deep linear networks. The proof follows the largest eigenvalue of the "
            "Hessian over time. We "
            "introduce a potential function for that purpose. Experiments on small networks agree with the theory."
        ),
        1,
    ),
    (
        "Do Chatbots Read Charts? An Evaluation of Vision-Language Models on Scientific Figures",
        (
            "Charts carry the results of science. Vision-language models are said to read them. To "
            "test this, we evaluate "
            "eleven vision-language models on 4,000 questions about scientific figures. The best "
            "one answers 61% of them. "
            "Axis labels are the most frequent cause of errors. We release the questions."
        ),
        2,
    ),
    (
        "Sleepy Sensors: Scheduling Radio Networks by Predicted Demand",
        (
            "Sensors in radio networks spend most of their energy on listening. Existing schedules "
            "wake them at fixed "
            "intervals, which we call the interval problem. This paper presents Sleepy Sensors, a "
            "scheduling method for "
            "radio networks that wakes sensors by predicted demand. A small recurrent model "
            "predicts the demand. In a "
            "field test with 200 nodes it saved 38% of the energy."
        ),
        2,
    ),
    (
        "A Survey of Memory in Language Agents",
        (
            "Language agents act over days and must remember. Many kinds of memory have been proposed for them. This "
            "survey reviews memory in language agents along three lines: what is stored, how it is "
            "found, and when it is "
            "forgotten. We compare 140 papers. We close with open questions."
        ),
        2,
    ),
    (
        "Graph Transformers Without Positions",
        (
            "Graph transformers need positional encodings, which are costly for large graphs. Here, "
            "we study whether graph "
            "transformers can do without positional encodings when edges are sampled at random. We "
            "introduce two samplers. "
            "With either of them, accuracy on ten benchmarks stays within one point. Memory falls by half."
        ),
        1,
    ),
    (
        "Quiet Diffusion: Fewer Steps by Removing Redundant Noise",
        (
            "Diffusion models make images in many steps. Every step adds noise that the next one "
            "removes. We first present "
            "a measurement of this redundancy. Based on this finding, we propose Quiet Diffusion, "
            "which removes redundant "
            "noise and needs five times fewer steps at the same image quality. User studies confirm the quality."
        ),
        3,
    ),
    (
        "Counting Lattice Paths Below a Line of Irrational Slope",
        (
            "Lattice paths below a line have been counted for rational slopes. We give an asymptotic formula for the "
            "number of lattice paths below a line of irrational slope. The main tool is a "
            "three-distance theorem. As an "
            "application, we present bounds for a queue with two servers."
        ),
        1,
    ),
    (
        "Federated Speech Recognition for Hospitals",
        (
            "Recordings of patients may not leave a hospital. Federated learning would allow "
            "hospitals to train together, "
            "yet speech recognition has rarely been trained that way. We develop a federated speech "
            "recognition system "
            "that five hospitals trained without sharing recordings. Word error falls from 19% to "
            "12%. We discuss what "
            "remains difficult about consent."
        ),
        2,
    ),
)
