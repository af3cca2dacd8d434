"""One file a claim; the order is the paper's."""

ORDER = [
    "eq4", "section2.2", "definition1", "section3.1", "eq8", "eq9", "section3.3",
    "proposition1", "lemma1", "theorem1.k1", "theorem1.k2", "theorem1.i",
    "theorem1.moreover.iii", "theorem1.moreover.ii", "theorem1.posteriors", "theorem1.sharp",
    "eq14", "eq15", "eq16", "eq17", "eq18.deconvolution", "eq18.volume", "eq19", "eq20", "eq21", "eq22", "eq23", "eq24",
    "theorem1.narrower", "remark.iii", "theorem2", "theorem2.sharp", "theorem2.block",
    "theorem3", "eq25", "section5.data", "section5.mcc",
    "appendixE.temperature", "appendixE.limit", "eq26", "eq28", "eq29",
    "appendixF.1", "eq30", "appendixF.2",
    "published.theorem1", "published.theorem2", "published.theorem3", "published.proposition",
]  # fmt: skip
