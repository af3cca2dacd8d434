"""Texts that try to leave the place they stand in, and reports that are full of them."""

from hypothesis import strategies as st

from ivae_theory.verdict import Conclusion, Grade, Report, Status, Verdict

ATTACKS = (
    "<script>alert(1)</script>", "</pre></details><script>x</script>", '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)", "</title><h1>", "</style><style>*{display:none}", "<!-- ", "-->",
    "]]>", "&lt;b&gt;&amp;",
    "{{ 7 * 7 }}", "{% include 'x' %}", "javascript:alert(1)", "</svg><script>", "<svg onload=alert(1)>",
    r"\input{/etc/passwd}", r"\write18{ls}", r"$\alpha$ % \\ & # _ ^ ~ { }", r"\end{tabularx}", "^^5cinput", "url(#x)",
    'href="#x" id="y"', "\u202ereversed", "\x00\x1b[31m", "\ud800",
)  # fmt: skip

texts = st.one_of(
    st.sampled_from(ATTACKS),
    st.builds("{}{}".format, st.sampled_from(ATTACKS), st.text(max_size=12)),
    st.text(max_size=30),
)


def _verdict(claim, text, status):
    fields = {"evidence": {"kind": text, text: [text, {"deep": text}]}, "advice": text, "assumes": (text,)}
    if status is Status.UNDECIDED:
        return Verdict.unknown(claim, text, **fields)
    return Verdict(claim, status, Grade.EXACT, text, **fields)


@st.composite
def reports(draw):
    """Reports of no model, with hostile texts in every place where a text may come from a model."""
    text = draw(texts)
    claims = ("theorem1.i", "theorem1.ii", "theorem1.iii", "theorem1.minimal", draw(texts))
    verdicts = [_verdict(claim, draw(texts), draw(st.sampled_from(list(Status)))) for claim in claims]
    rival = {"refutes": text, "evidence": {"kind": "hostile", "text": draw(texts), draw(texts): draw(texts)}}
    conclusion = Conclusion(
        Status.FAILS, Grade.EXACT, draw(texts), (draw(texts),), ("theorem1.i",), draw(st.sampled_from([None, rival]))
    )
    family = {
        "name": draw(texts),
        "statistics": [draw(st.sampled_from(["z**2", "z", "log(z)"])) if draw(st.booleans()) else draw(texts)],
        "k": 1,
        "variable": "z",
        "base_measure": "1",
        "support": [["-oo", "oo", True, True]],
    }
    subject = {
        "text": draw(texts),
        "digest": draw(texts),
        "ks": [1],
        "families": [family],
        "natural": {"kind": "table", "entries": "exact", "values": [["1"], ["2"]], "dtype": draw(texts), "error": None},
        "noise": {"text": draw(texts), "law": {"node": "gaussian", "covariance": "1"}},
    }
    return Report(subject, draw(texts), verdicts, conclusion)
