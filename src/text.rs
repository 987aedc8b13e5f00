//! The sanitising sink that everything from outside passes on its way to a terminal.
