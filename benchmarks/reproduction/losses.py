"""The sections about the losses of the training: Tables 1, 12 and 13, Table 11, Table 6."""

from reproduction import paper
from reproduction.section import HERE, Figures, Section, here, in_both, in_words
from reproduction.variants import MANY
from reproduction.verdicts import Statement, alike, better, claim, not_worse, shown

DISTANCES = {"l2_0": "l2 at 0", "l2_s": "l2 at s", "d_teacher": "d_teacher"}


def distance(figures: Figures) -> Section:
    """Tables 1, 12 and 13."""
    trained = figures["variants"]
    rows = [["teacher", "40", *here(figures["teacher"]), *paper.TABLE_1["teacher"], *["-"] * 10]]
    for count in (1, 8, 16):
        for key, name in DISTANCES.items():
            first = paper.TABLE_1[key] if count == 1 else ("-",) * 4
            others = (*paper.TABLE_13.get((key, count), ("-",) * 6), *paper.TABLE_12.get((key, count), ("-",) * 4))
            rows.append([name, str(count), *here(trained[key][str(count)]), *first, *others])
    statements = []
    for label in ("1", "8", "16"):
        claims = []
        for key in ("l2_0", "l2_s"):
            finding = f"in {in_words(label)}, {{}} with d_teacher is better than with {DISTANCES[key]}"
            claims += in_both(finding, trained["d_teacher"][label], trained[key][label])
        statements.append(Statement(f"d_teacher is better than both l2 distances in {in_words(label)}", claims))
    return Section(
        "Distance of the CTM loss (Tables 1, 12 and 13)",
        "Students that differ in the distance alone, sampled with nu 1 throughout. The paper finds d_teacher better in "
        "1 step at 16 kHz (Table 1), comparable in 1 step at 44.1 kHz (Table 12), and better in 8 and 16 steps, where "
        "it raises nu, in both (Tables 12 and 13). Those two tables have one l2, that at s.",
        ("distance", "steps", *HERE, "Table 1: FAD", "KL", "IS", "CLAP", "Table 13: omega", "nu", "FAD", "KL", "IS",
         "CLAP", "Table 12: nu", "FD", "KL", "CLAP"), rows, statements,
    )  # fmt: skip


def denoising(figures: Figures) -> Section:
    """Table 11."""
    with_it, without = figures["variants"]["d_teacher"], figures["variants"]["no_dsm"]
    labels = ("1", "8", "16", MANY.label)
    rows = []
    for has, measures in ((False, without), (True, with_it)):
        for label in labels:
            numbers = paper.TABLE_11[has, int(label.partition(",")[0])]
            rows.append(["with" if has else "without", label, *here(measures[label]), *numbers])
    few = in_both("in 1 step, {} is comparable with and without", with_it["1"], without["1"], alike)
    many = []
    for label in labels[1:]:
        many += in_both(f"in {in_words(label)}, {{}} is better with the DSM loss", with_it[label], without[label])
    return Section(
        "DSM loss (Table 11)",
        "nu is 1 where nothing else is said; the paper has 5 in 8 and 16 steps.",
        ("DSM loss", "steps", *HERE, "paper: nu", "FD", "KL", "CLAP"), rows,
        [Statement("many steps are better with the DSM loss", many),
         Statement("1 step is as good with it as without", few)],
    )  # fmt: skip


def adversarial(figures: Figures) -> Section:
    """Table 6."""
    trained, runs = figures["variants"], figures["training"]
    kinds = {False: "d_teacher", True: "gan"}
    rows = []
    for has, key in kinds.items():
        for count in (1, 2, 4):
            memory = shown(runs[key]["peak_mib"], 0)
            numbers = (*paper.TABLE_6.get((has, count), ("-",) * 4), paper.TABLE_6_MIB[has])
            rows.append(["with" if has else "without", str(count), *here(trained[key][str(count)]), memory, *numbers])
    sound = []
    for few in ("1", "2", "4"):
        finding = f"in {in_words(few)}, {{}} without the GAN loss is no worse"
        sound += in_both(finding, trained["d_teacher"][few], trained["gan"][few], not_worse)
    without, with_it = (runs[kinds[has]]["peak_mib"] for has in (False, True))
    finding = "the peak memory of the training is lower without it"
    memory_claim = claim(finding, better, without, with_it, digits=0)
    return Section(
        "GAN loss (Table 6)",
        "Multi-period and multi-band STFT discriminators of some 40,000 parameters in all, on half a second of decoded "
        f"sound, for {figures['settings']['steps']} steps; the paper's are DAC's, about a thousand times larger, in a "
        "full training. This can show that such a GAN loss brings nothing in so short a training, and what it costs; "
        "it says nothing about stronger discriminators or longer trainings. The paper has no figures for 1 step. "
        "Memory is the peak of the training process, everything included (program, data, model).",
        ("GAN loss", "steps", *HERE, "peak MiB", "paper: FAD", "KL", "IS", "CLAP", "MiB"), rows,
        [Statement("this small GAN loss brings no gain in so short a training", sound),
         Statement("it costs memory", [memory_claim])],
    )  # fmt: skip
