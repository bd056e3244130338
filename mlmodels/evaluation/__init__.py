"""How good predictions were out of sample, and how far chance alone would have come. numpy only."""
