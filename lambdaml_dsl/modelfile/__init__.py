"""Model files: .lml text in, a model out."""
