"""Resources that stand beside tables in a form of another tool and belong to them."""
