"""The language: text, tree, functions, binding."""
