//! Files that a person writes → definitions, with errors that point at the line.
