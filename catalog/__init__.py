"""Facts and arithmetic: instances, models, providers and prices, each row with its source and date.

Nothing here knows Pulumi, AWS, a clock or a network. Figures are rows in `data/*.toml`, read once by `catalog.tables`;
what is not in a table is unknown, and unknown is never zero.
"""
