"""The training form: its fields, the features that are typed into it, and the strategies that give more."""
