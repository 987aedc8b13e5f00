//! Arguments, and one file per family of one-shot commands.
