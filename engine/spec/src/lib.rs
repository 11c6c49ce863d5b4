//! The YAML language of camroll specs: types, positions, validation, JSON Schema, secret references.
