"""Photographs of which a part was generated: whether a model's map shows where."""
