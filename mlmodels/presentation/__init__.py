"""A model's report arranged for its pages: which figures stand where, how each is drawn and said."""
