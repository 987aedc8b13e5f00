//! Two people for one step: what is approved is exactly what runs, once, on this machine, before it expires, and never by
//! the one who asked.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up fails")]

mod made;

use dogwatch::domain::approval::TwoPeople;
use dogwatch::domain::*;
use dogwatch::rules::{self, Asked, Decision};
use dogwatch::workspace::runbook::parse;
use dogwatch::world::World;
use jiff::SignedDuration;
use made::{Made, kinds};
use std::sync::Arc;

const TEXT: &str = "---\ntitle = \"Load\"\n---\n\n```sh run name=\"empty\" danger param=\"day:date=2026-01-01\"\nbin/empty \"$DOGWATCH_PARAM_DAY\"\n```\n\n```sh run name=\"look\"\nbin/look\n```\n\n```sh run name=\"both\" approval=two\nbin/both\n```\n";

fn person(uid: u32, user: &str, login_uid: Option<u32>) -> Author {
    Author::Person { uid, user: user.into(), login_uid, sudo_claim: None }
}

fn ana() -> Author {
    person(1000, "ana", None)
}

fn lea() -> Author {
    person(1001, "lea", None)
}

fn rules_of(two_people: TwoPeople, break_glass: bool) -> ProcedureRules {
    ProcedureRules { two_people, break_glass, machine: "here".into(), ..ProcedureRules::default() }
}

fn tell(made: &mut Made, event: Event) -> Vec<Event> {
    made.carry_out(Decision { events: vec![event], effects: vec![] }, &Author::Engine)
}

fn defined(text: &str) -> Event {
    let (runbook, warnings) = parse("load", "runbooks/load.md", text);
    assert!(warnings.is_empty(), "{warnings:?}");
    Event::RunbookDefined { runbook: Arc::new(runbook) }
}

fn daemon(made: &mut Made, host: &str, boot_id: &str) -> Vec<Event> {
    let (author, boot) = (Author::Engine, boot_id.to_owned());
    let asked = Asked { author: &author, now: made.now, boot_id: &boot, random: 1, level: Level::Approver };
    let started = Event::DaemonStarted { version: "1".into(), pid: 1, boot_id: boot_id.into(), host: host.into() };
    let (entries, effects) = rules::carry_out(&mut made.world, Decision { events: vec![started], effects: vec![] }, &asked);
    made.effects.extend(effects);
    let events = entries.iter().map(|entry| entry.event.clone()).collect();
    made.entries.extend(entries);
    events
}

fn made_with(two_people: TwoPeople, break_glass: bool) -> Made {
    let mut made = Made::at("2026-01-01T00:00:00Z");
    daemon(&mut made, "jump", "boot");
    tell(&mut made, Event::ProcedureRulesDefined { rules: rules_of(two_people, break_glass) });
    tell(&mut made, defined(TEXT));
    made
}

fn made() -> Made {
    made_with(TwoPeople::Dangerous, false)
}

fn by(made: &mut Made, author: &Author, level: Level, command: &Command) -> Result<Vec<Event>, Refusal> {
    let asked = Asked { author, now: made.now, boot_id: "boot", random: 1, level };
    let decision = rules::decide(&made.world, command, &asked)?;
    Ok(made.carry_out(decision, author))
}

fn run(step: &str) -> Command {
    let params = if step == "empty" { Params::from([("day".to_owned(), "2026-01-01".to_owned())]) } else { Params::new() };
    Command::RunProcedure {
        runbook: "load".into(),
        step: step.into(),
        subject: Subject::Workspace,
        params,
        confirmed: Some(step.to_owned()),
    }
}

/// What moves a state folder elsewhere.
type Move<'a> = &'a dyn Fn(&mut Made) -> Vec<Event>;

fn request(made: &Made) -> Digest {
    made.world.approvals.values().find(|approval| approval.is_open()).expect("a request is open").digest.clone()
}

fn approve(digest: &Digest) -> Command {
    Command::ApproveProcedure { digest: digest.clone(), expanded: false, note: None }
}

/// Ana asks for the dangerous step.
fn asked(made: &mut Made) -> Digest {
    assert_eq!(kinds(&by(made, &ana(), Level::Operator, &run("empty")).unwrap()), ["approval_asked"]);
    request(made)
}

fn folds(made: &Made) {
    assert_eq!(World::fold(&made.entries), made.world, "what was done leaves the same world when its entries are folded again");
}

#[test]
fn what_another_person_approved_runs_once_and_is_exactly_that() {
    let mut made = made();
    assert_eq!(kinds(&by(&mut made, &ana(), Level::Operator, &run("look")).unwrap())[0], "procedure_asked", "only what is dangerous");
    let digest = asked(&mut made);
    assert!(!made.effects.iter().any(|effect| matches!(effect, Effect::StartAttempt(order) if order.argv.concat().contains("empty"))));
    let waits = by(&mut made, &ana(), Level::Operator, &run("empty")).unwrap_err();
    assert!(waits.to_string().contains("waits for a second person") && waits.to_string().contains(digest.short()), "{waits}");
    let bound = made.world.approvals[&digest].request.clone();
    assert_eq!((bound.argv.join(" "), bound.host.as_str()), ("sh -c bin/empty \"$DOGWATCH_PARAM_DAY\"".to_owned(), "jump"));
    assert_eq!((bound.machine.as_str(), bound.boot_id.as_str()), ("here", "boot"));
    assert_eq!(bound.env["DOGWATCH_PARAM_DAY"], "2026-01-01");
    assert_eq!(kinds(&by(&mut made, &lea(), Level::Approver, &approve(&digest)).unwrap()), ["approval_given"]);
    let ran = by(&mut made, &ana(), Level::Operator, &run("empty")).unwrap();
    assert_eq!(kinds(&ran), ["approval_used", "procedure_asked", "attempt_starting"]);
    let Some(Effect::StartAttempt(order)) = made.effects.last() else { panic!("{:?}", made.effects) };
    assert_eq!(order.argv, bound.argv);
    assert!(bound.env.iter().all(|(name, value)| order.env.get(name) == Some(value)), "{:?}", order.env);
    made.end("empty", AttemptEnd::Exit(0));
    // A second word counts once: the next time it is asked for anew, and the old one answers nobody.
    let again = by(&mut made, &lea(), Level::Approver, &approve(&digest)).unwrap_err();
    assert!(again.reason.contains("was used already"), "{again}");
    assert_ne!(asked(&mut made), digest);
    folds(&made);
}

#[test]
fn nobody_is_their_own_second_person() {
    let mut made = made();
    let digest = asked(&mut made);
    let same = [
        ("herself", ana()),
        ("a second account that she reached with sudo", person(1001, "lea", Some(1000))),
        ("root, from her login", person(0, "root", Some(1000))),
        ("her uid under another name", person(1000, "anna", Some(1007))),
    ];
    for (who, author) in same {
        let refusal = by(&mut made, &author, Level::Approver, &approve(&digest)).unwrap_err();
        assert_eq!((refusal.kind, refusal.reason.contains("another person's")), (RefusalKind::Forbidden, true), "{who}: {refusal}");
    }
    let operator = by(&mut made, &lea(), Level::Operator, &approve(&digest)).unwrap_err();
    assert!(operator.reason.contains("needs the word of an approver"), "{operator}");
    // One who asked from a second account is known by her login too.
    let mut other = made_with(TwoPeople::Dangerous, false);
    by(&mut other, &person(0, "root", Some(1000)), Level::Operator, &run("empty")).unwrap();
    let digest = request(&other);
    assert!(by(&mut other, &ana(), Level::Approver, &approve(&digest)).is_err());
    assert!(by(&mut other, &person(0, "root", Some(1001)), Level::Approver, &approve(&digest)).is_err(), "the same uid");
    by(&mut other, &lea(), Level::Approver, &approve(&digest)).unwrap();
    folds(&other);
}

#[test]
fn a_double_click_of_two_approvers_is_one_use() {
    let mut made = made();
    let digest = asked(&mut made);
    by(&mut made, &lea(), Level::Approver, &approve(&digest)).unwrap();
    let second = by(&mut made, &person(1002, "leo", None), Level::Approver, &approve(&digest)).unwrap_err();
    assert!(second.reason.contains("lea has approved it already"), "{second}");
    by(&mut made, &ana(), Level::Operator, &run("empty")).unwrap();
    made.end("empty", AttemptEnd::Exit(0));
    assert_eq!(kinds(&by(&mut made, &ana(), Level::Operator, &run("empty")).unwrap()), ["approval_asked"]);
}

#[test]
fn it_expires_asked_or_approved() {
    for approved in [false, true] {
        let mut made = made();
        let digest = asked(&mut made);
        if approved {
            by(&mut made, &lea(), Level::Approver, &approve(&digest)).unwrap();
        }
        // At the very moment, before anything was noticed, it is void already.
        made.now += SignedDuration::from_mins(15);
        assert!(by(&mut made, &lea(), Level::Approver, &approve(&digest)).is_err());
        assert_eq!(kinds(&made.due()), ["approval_ended"]);
        let late = by(&mut made, &lea(), Level::Approver, &approve(&digest)).unwrap_err();
        assert!(late.reason.contains("has expired"), "{late}");
        assert_eq!(kinds(&by(&mut made, &ana(), Level::Operator, &run("empty")).unwrap()), ["approval_asked"]);
        folds(&made);
    }
}

#[test]
fn a_changed_runbook_is_asked_for_anew() {
    let mut made = made();
    let digest = asked(&mut made);
    by(&mut made, &lea(), Level::Approver, &approve(&digest)).unwrap();
    let changed = tell(&mut made, defined(&TEXT.replace("bin/empty", "bin/other")));
    assert_eq!(kinds(&changed), ["runbook_defined", "approval_ended"]);
    let refusal = by(&mut made, &lea(), Level::Approver, &approve(&digest)).unwrap_err();
    assert!(refusal.reason.contains("was changed since"), "{refusal}");
    assert_eq!(kinds(&by(&mut made, &ana(), Level::Operator, &run("empty")).unwrap()), ["approval_asked"]);
    // Other values are another request.
    let digest = request(&made);
    by(&mut made, &lea(), Level::Approver, &approve(&digest)).unwrap();
    let Command::RunProcedure { runbook, step, subject, confirmed, .. } = run("empty") else { panic!() };
    let params = Params::from([("day".to_owned(), "2025-12-31".to_owned())]);
    let other = Command::RunProcedure { runbook, step, subject, params, confirmed };
    assert_eq!(kinds(&by(&mut made, &ana(), Level::Operator, &other).unwrap()), ["approval_asked"]);
    tell(&mut made, Event::RunbookRemoved { runbook: "load".into() });
    assert!(made.world.approvals.values().all(|approval| !approval.is_open()));
    folds(&made);
}

#[test]
fn it_counts_on_the_machine_on_which_it_was_asked() {
    let other_boot = |made: &mut Made| daemon(made, "jump", "another boot");
    let other_host = |made: &mut Made| daemon(made, "spare", "boot");
    let other_machine = |made: &mut Made| {
        let rules = ProcedureRules { machine: "there".into(), ..rules_of(TwoPeople::Dangerous, false) };
        tell(made, Event::ProcedureRulesDefined { rules })
    };
    let moves: [(&str, Move<'_>); 3] = [("boot", &other_boot), ("host", &other_host), ("machine", &other_machine)];
    for (what, moved) in moves {
        let mut made = made();
        let digest = asked(&mut made);
        by(&mut made, &lea(), Level::Approver, &approve(&digest)).unwrap();
        assert!(kinds(&moved(&mut made)).contains(&"approval_ended".to_owned()), "{what}");
        let refusal = by(&mut made, &lea(), Level::Approver, &approve(&digest)).unwrap_err();
        assert!(refusal.reason.contains("another machine"), "{what}: {refusal}");
        folds(&made);
    }
    // Also where the copy's daemon says nothing of itself: the boot is compared when it is used.
    let mut made = made();
    let digest = asked(&mut made);
    by(&mut made, &lea(), Level::Approver, &approve(&digest)).unwrap();
    let asked = Asked { author: &ana(), now: made.now, boot_id: "another boot", random: 1, level: Level::Operator };
    let refusal = rules::decide(&made.world, &run("empty"), &asked).unwrap_err();
    assert!(refusal.reason.contains("is void") && refusal.reason.contains("another machine"), "{refusal}");
}

#[test]
fn a_request_is_declined_and_taken_back_by_those_who_may() {
    let mut made = made();
    let digest = asked(&mut made);
    let decline = |reason: &str| Command::DeclineProcedure { digest: digest.clone(), reason: reason.into() };
    assert!(by(&mut made, &person(1005, "max", None), Level::Operator, &decline("no")).is_err());
    assert!(by(&mut made, &lea(), Level::Approver, &decline(" ")).is_err(), "a reason is asked for");
    by(&mut made, &lea(), Level::Approver, &decline("wrong table")).unwrap();
    assert_eq!(made.world.approvals[&digest].ended.as_deref(), Some("declined by lea: wrong table"));
    let digest = asked(&mut made);
    by(&mut made, &ana(), Level::Operator, &Command::DeclineProcedure { digest: digest.clone(), reason: "later".into() }).unwrap();
    assert_eq!(made.world.approvals[&digest].ended.as_deref(), Some("taken back by ana: later"));
}

#[test]
fn a_step_can_ask_for_two_itself_and_the_workspace_for_all() {
    let mut made = made_with(TwoPeople::Never, false);
    assert_eq!(kinds(&by(&mut made, &ana(), Level::Operator, &run("both")).unwrap()), ["approval_asked"]);
    assert_eq!(kinds(&by(&mut made, &ana(), Level::Operator, &run("empty")).unwrap())[0], "procedure_asked");
    let mut made = made_with(TwoPeople::Always, false);
    assert_eq!(kinds(&by(&mut made, &ana(), Level::Operator, &run("look")).unwrap()), ["approval_asked"]);
}

#[test]
fn glass_is_broken_only_where_it_may_be_with_a_reason_and_everyone_sees_it() {
    let broken = |reason: &str, confirmed: Option<&str>| Command::BreakGlass {
        runbook: "load".into(),
        step: "both".into(),
        subject: Subject::Workspace,
        params: Params::new(),
        confirmed: confirmed.map(str::to_owned),
        reason: reason.into(),
    };
    let mut made = made();
    let refusal = by(&mut made, &ana(), Level::Operator, &broken("nobody answers", Some("both"))).unwrap_err();
    assert!(refusal.to_string().contains("break_glass = true"), "{refusal}");
    let mut made = made_with(TwoPeople::Dangerous, true);
    by(&mut made, &ana(), Level::Operator, &run("both")).unwrap();
    assert!(by(&mut made, &ana(), Level::Operator, &broken(" ", Some("both"))).is_err());
    assert!(by(&mut made, &ana(), Level::Operator, &broken("nobody answers", None)).is_err(), "it is typed");
    let events = by(&mut made, &ana(), Level::Operator, &broken("nobody answers", Some("both"))).unwrap();
    let told = ["glass_broken", "approval_ended", "alert_firing", "incident_opened", "procedure_asked", "attempt_starting"];
    assert_eq!(kinds(&events), told);
    made.end("both", AttemptEnd::Exit(0));
    by(&mut made, &ana(), Level::Operator, &broken("and again", Some("both"))).unwrap();
    assert_eq!(made.world.tally.open, 2, "each is an incident of its own");
    let incident = made.world.incidents.values().next().unwrap();
    assert_eq!(incident.severity, Severity::Critical);
    assert!(incident.title.contains("ana ran `both` of runbook load without a second person: nobody answers"), "{}", incident.title);
    let resolve = Command::Resolve { incident: incident.id, reason: "looked at".into() };
    assert_eq!(kinds(&by(&mut made, &lea(), Level::Operator, &resolve).unwrap()), ["incident_resolved", "alert_resolved"]);
    assert_eq!(made.world.alerts.len(), 1);
    folds(&made);
}

#[test]
fn a_command_that_is_not_what_it_seems_is_approved_only_spelled_out() {
    let hidden =
        ["rm \u{202e}gpj.sh", "curl http://sh\u{43e}p.example", "rm\u{200b} x", "rm –rf /tmp/x", "echo \u{2066}a\u{2069}", "tag\u{e0041}"];
    for command in hidden {
        let mut made = made_with(TwoPeople::Always, false);
        tell(&mut made, defined(&format!("```sh run name=\"look\"\n{command}\n```\n")));
        by(&mut made, &ana(), Level::Operator, &run("look")).unwrap();
        let digest = request(&made);
        let refusal = by(&mut made, &lea(), Level::Approver, &approve(&digest)).unwrap_err();
        assert!(refusal.to_string().contains("--expanded"), "{command:?}: {refusal}");
        let seen = Command::ApproveProcedure { digest, expanded: true, note: None };
        assert_eq!(kinds(&by(&mut made, &lea(), Level::Approver, &seen).unwrap()), ["approval_given"]);
    }
}

#[test]
fn parameters_are_what_they_say_or_are_refused_with_the_reason() {
    let text = "```sh run name=\"go\" param=\"rows:int(1..100)=5\" param=\"env:choice(prod|test)=test\" param=\"id:pattern([A-Z]{3})=ABC\" param=\"day:date=2026-01-01\" param=\"why:text(10)=x\" param=\"any=\"\ntrue\n```\n";
    let mut made = made_with(TwoPeople::Never, false);
    tell(&mut made, defined(text));
    let values = |name: &str, value: &str| {
        let mut params: Params = [("rows", "5"), ("env", "test"), ("id", "ABC"), ("day", "2026-01-01"), ("why", "x"), ("any", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        params.insert(name.to_owned(), value.to_owned());
        Command::RunProcedure { runbook: "load".into(), step: "go".into(), subject: Subject::Workspace, params, confirmed: None }
    };
    let wrong = [
        ("rows", "0", "a whole number from 1 to 100"),
        ("rows", "101", "from 1 to 100"),
        ("rows", "5; rm -rf /", "a whole number"),
        ("rows", "+5", "a whole number"),
        ("rows", "", "a whole number"),
        ("env", "Prod", "one of prod, test"),
        ("id", "ABCD", "matches [A-Z]{3}"),
        ("id", "ABC\n", "matches [A-Z]{3}"),
        ("day", "2026-02-30", "a date such as"),
        ("day", "01.01.2026", "a date such as"),
        ("why", "eleven char", "11 characters, at most 10"),
        ("why", "a\nb", "one line"),
        ("any", "a\0b", "NUL"),
    ];
    for (name, value, reason) in wrong {
        let refusal = by(&mut made, &ana(), Level::Operator, &values(name, value)).unwrap_err();
        assert!(refusal.to_string().contains(reason), "{name}={value:?}: {refusal}");
        assert_eq!(refusal.kind, RefusalKind::Invalid);
    }
    // What a shell would obey comes as the value of a variable, and the command stays what the file says.
    for hostile in
        ["$(id)", "`id`", "; rm", "&& x", "a\nb", "'\"", "{a,b}", "\u{a0}", "--help", "-oProxyCommand=x", "", &"x".repeat(60_000)]
    {
        by(&mut made, &ana(), Level::Operator, &values("any", hostile)).unwrap();
        let Some(Effect::StartAttempt(order)) = made.effects.last() else { panic!("{:?}", made.effects) };
        assert_eq!((order.argv.join(" ").as_str(), order.env["DOGWATCH_PARAM_ANY"].as_str()), ("sh -c true", hostile));
        made.end("go", AttemptEnd::Exit(0));
    }
    let refusal = by(&mut made, &ana(), Level::Operator, &values("any", &"x".repeat(1 << 20))).unwrap_err();
    assert!(refusal.reason.contains("at most"), "{refusal}");
}

#[test]
fn what_a_fence_cannot_mean_is_told_and_cannot_be_run() {
    let wrong = [
        ("param=\"rows:int(9..1)\"", "int(1..100)"),
        ("param=\"rows:number\"", "is no kind of parameter"),
        ("param=\"rows:int=x\"", "the default of `rows`"),
        ("param=\"env:choice()\"", "needs what it takes"),
        ("param=\"env:choice(a||b)\"", "an option of `choice` is empty"),
        ("param=\"id:pattern([)\"", "no regular expression"),
        ("param=\"x={label:}\"", "is not known"),
        ("approval=three", "approval=two"),
        ("danger auto", "never runs by itself"),
        ("auto approval=two", "never runs by itself"),
        ("auto on=\"probe dwon\"", "did you mean `probe down`"),
        ("on=\"probe down\"", "this one has none"),
    ];
    for (words, reason) in wrong {
        let (runbook, warnings) = parse("x", "runbooks/x.md", &format!("```sh run name=\"a\" {words}\ntrue\n```\n"));
        assert!(runbook.steps.is_empty(), "{words}");
        assert!(warnings.iter().any(|warning| warning.to_string().contains(reason)), "{words}: {warnings:?}");
    }
}

#[test]
fn parameters_are_filled_in_with_where_each_comes_from() {
    let mut flow = made::flow("nightly", &["30 2 * * *"], vec![made::step("load", &[])]);
    flow.labels = Labels::from([("service".to_owned(), "shop".to_owned())]);
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(flow);
    made.command(Command::Run { flow: "nightly".into(), params: Params::new(), date: None, reason: None }).unwrap();
    made.end("load", AttemptEnd::Exit(1));
    let text = "```sh run name=\"go\" param=\"day:date={date}\" param=\"what={flow}-{label:service}\" param=\"n=7\" param=\"no={probe}\"\ntrue\n```\n";
    let (book, _) = parse("load", "runbooks/load.md", text);
    let filled = rules::filled_in_from(&made.world, &Subject::Incident(IncidentId(1)), &book.steps[0]);
    let told: Vec<_> = filled.iter().map(|row| (row.name.as_str(), row.value.as_str(), row.from.as_deref())).collect();
    assert_eq!(
        told,
        [
            ("day", "2026-01-01", Some("run nightly/1")),
            ("what", "nightly-shop", Some("incident 1, label service of incident 1")),
            ("n", "7", None),
            ("no", "", None),
        ]
    );
}

#[test]
fn the_runbook_that_says_most_comes_first_with_the_reason() {
    let mut flow = made::flow("nightly-orders", &["30 2 * * *"], vec![made::step("load", &[])]);
    flow.labels = Labels::from([("service".to_owned(), "shop".to_owned())]);
    let mut made = Made::at("2026-01-01T00:00:00Z").flow(flow);
    for (name, rule) in [
        ("any-night", "{ flow = \"nightly-*\" }"),
        ("shop", "{ labels = { service = \"shop\" } }"),
        ("this", "{ flow = \"nightly-orders\", labels = { service = \"shop\" } }"),
        ("failed", "{ alert = \"FlowFailed\" }"),
        ("other", "{ flow = \"weekly\" }"),
    ] {
        let (book, _) = parse(name, "x.md", &format!("---\nmatch = [{rule}]\n---\n# {name}\n"));
        tell(&mut made, Event::RunbookDefined { runbook: Arc::new(book) });
    }
    made.command(Command::Run { flow: "nightly-orders".into(), params: Params::new(), date: None, reason: None }).unwrap();
    made.end("load", AttemptEnd::Exit(1));
    let found = rules::matching(&made.world, &Subject::Incident(IncidentId(1)));
    let told: Vec<_> = found.iter().map(|(id, why)| (id.as_str(), why.as_str())).collect();
    assert_eq!(
        told,
        [
            ("this", "matched: flow nightly-orders, label service=shop"),
            ("any-night", "matched: flow nightly-orders"),
            ("failed", "matched: alert FlowFailed"),
            ("shop", "matched: label service=shop"),
        ]
    );
}
