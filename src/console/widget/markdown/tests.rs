use super::*;
use std::fmt::Write as _;

/// Rows as text with their roles on the right, and no row wider than the page.
fn shown(text: &str, slots: &[usize], width: u16) -> String {
    let mut shown = String::new();
    for row in render(text, slots, width, &Glyphs::new(false)) {
        match row {
            Row::Slot(slot) => writeln!(shown, "<slot {slot}>").unwrap(),
            Row::Text(line) => {
                assert!(line.width() <= usize::from(width.max(8)), "{} > {width}: {}", line.width(), line.text());
                let roles: Vec<_> = line.parts.iter().map(|(role, _)| format!("{role:?}")).collect();
                writeln!(shown, "{:w$} {}", line.text(), roles.join(" "), w = usize::from(width)).unwrap();
            }
        }
    }
    shown
}

const PAGE: &str = "\
# The load step fails

Look at the **error**, then *decide*. See [the wiki](https://wiki.example/load) or <https://shop.example>.

1. First
2. Second, which is long enough to be folded onto another line
   - nested
     - deeper

     with a paragraph
- [x] done
- [ ] not done

> Quoted text that is folded
> - and a list

| File | Rows | Note |
|:-----|-----:|:----:|
| orders.csv | 12 | good |
| returns.csv | 1045 | a longer note that is folded within its column |

```sh
bin/load --date 2026-11-20 --with-a-very-long-option
```

```sh run name=x
bin/rows
```

---

Last `code` line.
<!-- dogwatch:begin times 0123456789abcdef -->
";

#[test]
fn everything_that_people_write_is_laid_out() {
    let slot = PAGE.lines().position(|line| line.starts_with("```sh run")).unwrap();
    insta::assert_snapshot!(shown(PAGE, &[slot], 44));
}

#[test]
fn a_table_too_wide_for_its_columns_becomes_a_list() {
    let told = shown("| a | b | c | d |\n|-|-|-|-|\n| one | two two two | three | four four |\n", &[], 20);
    assert!(told.contains("a: one") && told.contains("d: four four"), "{told}");
}

#[test]
fn hostile_text_is_shown_and_bounded() {
    let nested = format!("{}deep", "- ".repeat(10_000));
    let quoted = format!("{}deep", "> ".repeat(10_000));
    let long = "x".repeat(3 << 20);
    let stars = "*a _b ".repeat(20_000);
    let brackets = "[".repeat(50_000);
    for text in [
        &nested,
        &quoted,
        &long,
        &stars,
        &brackets,
        "```\nnever closed",
        "<!-- \n```sh\n",
        "\u{feff}# a\r\nb\r\n",
        "\0\u{202e}\x1b[31m",
        "",
    ] {
        for width in [0, 1, 10, 80] {
            let rows = render(text, &[0], width, &Glyphs::new(false));
            assert!(rows.len() <= LINES_MAX + 1);
        }
    }
    let told = shown(&long, &[], 80);
    assert!(told.contains("the rest of 3145728 bytes is not shown here"));
    assert!(shown("a\u{202e}b \x1b[31m", &[], 40).contains("a\\u{202e}b \\x1b[31m"));
}

#[test]
fn rendering_again_at_the_same_width_costs_nothing() {
    let (mut cache, glyphs) = (Cache::default(), Glyphs::new(false));
    let first = cache.rows(PAGE, &[], 60, &glyphs);
    assert!(Rc::ptr_eq(&first, &cache.rows(PAGE, &[], 60, &glyphs)));
    assert!(!Rc::ptr_eq(&first, &cache.rows(PAGE, &[], 61, &glyphs)));
    for width in 0..20 {
        cache.rows(PAGE, &[], width, &glyphs);
    }
    assert_eq!(cache.kept.len(), CACHED);
}

proptest::proptest! {
    #[test]
    fn any_text_at_any_width_has_its_place(text in "[-a-z0-9 \n#>*_`|\\[\\]()<!:~é界\t\u{202e}]{0,200}", width in 0_u16..60) {
        shown(&text, &[0, 2], width);
    }
}
