//! Every theme gives every role a look; what is well and what is wrong differ for every eye, and by more than colour.
#![allow(clippy::unwrap_used, reason = "what a test builds is right, or the test fails")]
#![allow(clippy::many_single_char_names, reason = "colours are r, g, b")]

use dogwatch::console::theme::Depth;
use dogwatch::console::{Role, Theme};
use ratatui::style::Color;

fn themes(depth: Depth) -> impl Iterator<Item = (&'static str, Theme)> {
    Theme::built_in().map(move |name| (name, Theme::load(name, &[], depth).unwrap_or_else(|error| panic!("{error}"))))
}

#[test]
fn every_theme_loads_at_every_depth() {
    assert!(Theme::built_in().count() >= 5);
    for depth in [Depth::None, Depth::Sixteen, Depth::Indexed, Depth::True] {
        for (name, theme) in themes(depth) {
            for (role, word) in Role::ALL {
                let style = theme.style(*role);
                let fits = |color: Option<Color>| match (color, depth) {
                    (Some(Color::Rgb(..)), _) => depth == Depth::True,
                    (Some(Color::Indexed(_)), _) => depth >= Depth::Indexed,
                    (Some(color), Depth::None) => color == Color::Reset,
                    _ => true,
                };
                assert!(fits(style.fg) && fits(style.bg), "{name} {word} at {depth:?}: {style:?}");
            }
        }
    }
}

/// Relative luminance (WCAG 2).
fn luminance(color: Color) -> Option<f64> {
    let Color::Rgb(r, g, b) = color else { return None };
    let [r, g, b] = [r, g, b].map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    Some(0.2126 * r + 0.7152 * g + 0.0722 * b)
}

fn contrast(one: Color, other: Color) -> f64 {
    let (one, other) = (luminance(one).unwrap(), luminance(other).unwrap());
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Texts can be read on the terminal's usual ground and on every ground that a theme lays below them.
#[test]
fn texts_can_be_read() {
    let roles =
        [Role::Text, Role::Muted, Role::Name, Role::Good, Role::Warning, Role::Bad, Role::Critical, Role::High, Role::Info, Role::Active];
    for (name, ground, least) in [
        ("dark", Color::Rgb(0x12, 0x16, 0x1c), 4.5),
        ("light", Color::Rgb(0xff, 0xff, 0xff), 4.5),
        ("colour-blind", Color::Rgb(0x12, 0x16, 0x1c), 4.5),
        ("high-contrast", Color::Rgb(0, 0, 0), 7.0),
    ] {
        let theme = Theme::load(name, &[], Depth::True).unwrap();
        for role in roles {
            let fg = theme.style(role).fg.unwrap();
            assert!(contrast(fg, ground) >= least, "{name}: {role:?} has only {:.1}", contrast(fg, ground));
            let grounds = [Role::Selected, Role::SelectedElsewhere, Role::Related, Role::Marked, Role::Banner, Role::Toast, Role::Bar];
            for below in grounds {
                let bg = theme.style(below).bg.unwrap();
                assert!(contrast(fg, bg) >= 2.9, "{name}: {role:?} on {below:?} has only {:.1}", contrast(fg, bg));
            }
        }
    }
}

/// A colour as an eye without red (protan) or green (deutan) receptors sees it (Viénot, Brettel and Mollon 1999).
fn seen(color: Color, deutan: bool) -> [f64; 3] {
    let Color::Rgb(r, g, b) = color else { panic!("{color:?}") };
    let [r, g, b] = [r, g, b].map(|part| (f64::from(part) / 255.0).powf(2.2));
    let (l, m, s) = (17.8824 * r + 43.5161 * g + 4.1194 * b, 3.4557 * r + 27.1554 * g + 3.8671 * b, 0.0300 * r + 0.1843 * g + 1.4671 * b);
    let (l, m) = if deutan { (l, 0.494_21 * l + 1.248_27 * s) } else { (2.023_44 * m - 2.525_81 * s, m) };
    [
        0.080_944 * l - 0.130_504 * m + 0.116_721 * s,
        -0.010_248 * l + 0.054_019 * m - 0.113_615 * s,
        -0.000_365 * l - 0.004_122 * m + 0.693_513 * s,
    ]
}

#[test]
fn the_colour_blind_theme_tells_well_from_wrong() {
    let distance = |theme: &Theme, one: Role, other: Role, deutan: bool| {
        let (one, other) = (seen(theme.style(one).fg.unwrap(), deutan), seen(theme.style(other).fg.unwrap(), deutan));
        one.iter().zip(other).map(|(one, other)| (one - other).powi(2)).sum::<f64>().sqrt()
    };
    let theme = Theme::load("colour-blind", &[], Depth::True).unwrap();
    for deutan in [false, true] {
        for wrong in [Role::Bad, Role::Critical, Role::Warning] {
            let safe = distance(&theme, Role::Good, wrong, deutan);
            assert!(safe > 0.4, "good and {wrong:?} are {safe:.2} apart for a {} eye", if deutan { "deutan" } else { "protan" });
        }
    }
}

#[test]
fn faults_in_a_theme_are_told_with_the_nearest_word() {
    let load = |text: &str| Theme::load("own", &[("own".into(), text.into())], Depth::True).unwrap_err().to_string();
    assert!(load("inherits = \"dark\"\n[roles]\ngoood = \"red\"").contains("no role `goood`, did you mean `good`?"));
    assert!(load("inherits = \"dark\"\n[roles]\ngood = \"grene\"").contains("no colour `grene`, did you mean `green`?"));
    assert!(load("inherits = \"dark\"\n[roles]\ngood = { is = [\"bald\"] }").contains("did you mean `bold`?"));
    assert!(load("inherits = \"own\"").contains("inherits from too many others, or from itself"));
    assert!(load("[roles]\ntext = \"red\"").contains("gives no style to"));
    assert!(Theme::load("drak", &[], Depth::True).unwrap_err().to_string().contains("there is no theme `drak`; there are dark"));
}

#[test]
fn without_colour_what_matters_still_looks_different() {
    let theme = Theme::load("dark", &[], Depth::None).unwrap();
    let plain = theme.style(Role::Text);
    for role in [Role::Selected, Role::Bad, Role::Critical, Role::Danger, Role::Escaped, Role::Banner, Role::Muted] {
        assert_ne!(theme.style(role), plain, "{role:?}");
    }
}
