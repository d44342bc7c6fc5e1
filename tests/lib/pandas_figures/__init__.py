"""Every exact figure a second time, in pandas, from the core tables alone and by the words of the specification.

core tables ─ frames ─▶ courses ─▶ engagement, outcome, alliance, markers ─▶ facts ─ grid ─▶ figures

Nothing here reads a mart or its SQL. Whole numbers throughout: scores, numerators and values count in
ten-thousandths, so that two roundings can differ only where they are meant to.
"""
