//! Gives the program the digest of the sources that decide how the world is folded: two programs with the same digest
//! fold alike (see `world::SHAPE`).

use std::path::{Path, PathBuf};

fn main() {
    let mut files = Vec::new();
    for folder in ["src/domain", "src/world"] {
        println!("cargo::rerun-if-changed={folder}");
        sources(Path::new(folder), &mut files);
    }
    files.sort();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64; // FNV-1a: no security here, only sameness
    for file in files {
        for byte in std::fs::read(file).unwrap_or_default() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    println!("cargo::rustc-env=DOGWATCH_WORLD_SHAPE={hash:016x}");
}

/// The Rust files of a folder and of those below it.
fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
