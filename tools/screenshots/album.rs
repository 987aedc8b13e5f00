//! Where pictures are kept: each screen as NAME.svg and NAME.png.

use super::color::Ground;
use super::svg;
use anyhow::{Context as _, Result, ensure};
use std::cell::Cell;
use std::path::{Path, PathBuf};

/// A picture that is larger slows the page that shows it.
const LARGEST: usize = 300 * 1024;

/// A folder of pictures.
pub struct Album {
    folder: PathBuf,
    count: Cell<usize>,
}

impl Album {
    /// Makes the folder where it is missing.
    pub fn open(folder: PathBuf) -> Result<Self> {
        std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        Ok(Self { folder, count: Cell::new(0) })
    }

    /// Keeps a screen under a name.
    pub fn keep(&self, name: &str, screen: &vt100::Screen, ground: &Ground) -> Result<()> {
        let drawn = svg::draw(screen, ground);
        // A wide screen has pixels enough; a small one is doubled half, so that letters stay smooth.
        let scale = if screen.size().1.get() > 120 { 1.0 } else { 1.5 };
        let pixels = svg::png(&drawn, scale)?;
        ensure!(pixels.len() <= LARGEST, "{name}.png has {} bytes, more than {LARGEST}", pixels.len());
        for (ending, bytes) in [("svg", drawn.as_bytes()), ("png", pixels.as_slice())] {
            let path = self.folder.join(format!("{name}.{ending}"));
            std::fs::write(&path, bytes).with_context(|| format!("{} cannot be written", path.display()))?;
        }
        println!("{name}: {} columns, {} rows, {} KiB as PNG", screen.size().1, screen.size().0, pixels.len().div_ceil(1024));
        self.count.set(self.count.get() + 1);
        Ok(())
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// How many pictures were kept.
    pub fn count(&self) -> usize {
        self.count.get()
    }
}
