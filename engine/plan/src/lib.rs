//! What to do: filters, layout, names, conflicts. Pure.
