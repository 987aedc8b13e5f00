//! The tables in README.md are those of the program. `DOGWATCH_README=write cargo test --test readme` brings them up to
//! date.

#![allow(clippy::unwrap_used, reason = "a test ends where it is surprised")]

use clap::{Arg, ArgAction, Command, CommandFactory as _};
use dogwatch::cli::Arguments;
use dogwatch::console::keymap::key_table_markdown;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const README: &str = "README.md";

/// All commands of the declared command line, with what is their own: options that many share are told in the text.
fn command_table() -> String {
    let mut out = String::from("| command | what it does |\n|---|---|\n");
    let arguments = Arguments::command();
    for verb in arguments.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        let words: Vec<String> = verb.get_arguments().filter(|argument| is_own(argument)).map(|argument| word(verb, argument)).collect();
        let usage = std::iter::once(verb.get_name().to_owned()).chain(words).collect::<Vec<_>>().join(" ");
        let does = verb.get_about().map(ToString::to_string).unwrap_or_default();
        writeln!(out, "| `{}` | {} |", usage.replace('|', "\\|"), does.replace('|', "\\|")).unwrap();
    }
    out
}

fn is_own(argument: &Arg) -> bool {
    !argument.is_global_set() && !argument.is_hide_set() && !matches!(argument.get_id().as_str(), "help" | "version" | "dry_run" | "key")
}

fn word(verb: &Command, argument: &Arg) -> String {
    let value = || {
        let names = argument.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
        names.unwrap_or_else(|| argument.get_id().as_str().to_uppercase())
    };
    let many = if matches!(argument.get_action(), ArgAction::Append) { "…" } else { "" };
    let Some(long) = argument.get_long() else {
        let text = format!("{}{many}", value());
        return if argument.is_required_set() { text } else { format!("[{text}]") };
    };
    let option = argument.get_short().map_or_else(|| format!("--{long}"), |short| format!("-{short}"));
    let takes_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    let text = if takes_value { format!("{option} {}{many}", value()) } else { option };
    assert!(!text.is_empty(), "{} of {}", argument.get_id(), verb.get_name());
    if argument.is_required_set() { text } else { format!("[{text}]") }
}

/// README with the text between `<!-- NAME -->` and `<!-- end of NAME -->` replaced.
fn with(readme: &str, name: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let from = readme.find(&begin).unwrap_or_else(|| panic!("{README} has no mark {begin}")) + begin.len();
    let to = from + readme[from..].find(&end).unwrap_or_else(|| panic!("{README} has no mark {end}"));
    format!("{}{table}{}", &readme[..from], &readme[to..])
}

#[test]
fn its_tables_are_those_of_the_program() {
    let is = fs::read_to_string(README).unwrap();
    let should = with(&with(&is, "commands", &command_table()), "keys", &key_table_markdown());
    if std::env::var("DOGWATCH_README").as_deref() == Ok("write") {
        fs::write(README, &should).unwrap();
        return;
    }
    let first = is.lines().zip(should.lines()).find(|(is, should)| is != should);
    assert!(
        is == should,
        "a table in {README} is not the program's; bring it up to date with\n    DOGWATCH_README=write cargo test --test readme\n{first:?}"
    );
}

#[test]
fn every_file_that_a_page_points_to_is_there() {
    for page in [
        README,
        "CONTRIBUTING.md",
        "ARCHITECTURE.md",
        "docs/incidents.md",
        "docs/flows.md",
        "docs/alerts.md",
        "docs/team.md",
        "docs/runbooks.md",
    ] {
        let text = fs::read_to_string(page).unwrap();
        let mut found = 0;
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.starts_with("http") || target.starts_with('#') {
                continue;
            }
            found += 1;
            let path = Path::new(page).with_file_name(target.split('#').next().unwrap_or(target));
            assert!(path.exists(), "{page} points to {target}, which is not there");
        }
        assert!(found > 0 || page != README, "{page} points to no file: the scan looks for the wrong thing");
    }
}

#[test]
fn every_file_that_the_recipes_name_is_there() {
    let text = fs::read_to_string("CONTRIBUTING.md").unwrap();
    let named: Vec<&str> = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| {
            ["src/", "tests/", "themes/", "runbooks/", "tools/", "benches/", ".ci/"].iter().any(|folder| word.starts_with(folder))
        })
        .map(|word| word.split([' ', ':']).next().unwrap_or(word))
        .filter(|word| !word.contains(['<', '*']))
        .collect();
    assert!(named.len() > 15, "{named:?}");
    for path in named {
        assert!(fs::metadata(path).is_ok(), "CONTRIBUTING.md names {path}, which is not there");
    }
}

/// The blocks of a page in one language.
fn blocks<'p>(page: &'p str, language: &str) -> Vec<&'p str> {
    let begin = format!("```{language}\n");
    page.split(begin.as_str()).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn what_the_pages_say_to_write_is_right() {
    let (flows, incidents) = (fs::read_to_string("docs/flows.md").unwrap(), fs::read_to_string("docs/incidents.md").unwrap());
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let step = "[[step]]\nname = \"it\"\nrun = \"true\"\n";
    let hook = "name = \"shop\"\n[channels.hook]\nkind = \"command\"\nrun = [\"bin/page\"]\n[channels.sms]\nkind = \"command\"\nrun = [\"bin/sms\"]\n[pools]\nwarehouse = 4\n";
    let (probes, settings): (Vec<_>, Vec<_>) = blocks(&incidents, "toml").into_iter().partition(|block| block.contains("objective = "));
    assert_eq!((probes.len(), settings.len()), (1, 3));
    write("dogwatch.toml", &(hook.to_owned() + &settings.concat()));
    write("checklists/day.md", blocks(&incidents, "markdown")[0]);
    write("probes/home.toml", probes[0]);
    write("flows/nightly-orders.toml", &(blocks(&flows, "toml")[0].to_owned() + step));
    write("flows/waits.toml", blocks(&flows, "toml").into_iter().find(|block| block.contains("after = ")).unwrap());
    write("flows/fetch-rates.toml", step);
    write("flows/settle-fx.toml", step);
    let right = || {
        if let Err(errors) = dogwatch::workspace::load(folder.path()) {
            panic!("{}", errors.lines().join("\n"));
        }
    };
    right();
    let team = fs::read_to_string("docs/team.md").unwrap();
    write("dogwatch.toml", &(hook.to_owned() + blocks(&team, "toml")[0]));
    right();
}

#[test]
fn the_runbook_that_is_written_out_can_be_run() {
    let page = fs::read_to_string("docs/runbooks.md").unwrap();
    let text = page.split("````markdown\n").nth(1).unwrap().split("````\n").next().unwrap();
    let (runbook, warnings) = dogwatch::workspace::runbook::parse("load", "runbooks/load.md", text);
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(
        runbook.steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>(),
        ["count-the-orders", "space", "load-again", "drop"]
    );
    assert_eq!((runbook.matches.len(), runbook.auto_max), (2, Some(1)));
    for word in ["flow", "run", "step", "date", "probe", "incident", "label:NAME"] {
        assert!(page.contains(&format!("`{{{word}}}`")), "{word}");
    }
}
