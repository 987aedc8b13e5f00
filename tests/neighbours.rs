//! What neighbours show and what is asked of them, by the rules alone and on the pages.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what a test builds is right, or the test fails")]

mod stage;

use dogwatch::console::Screen;
use dogwatch::domain::sent::{LabelMatcher, SourceFault, SourceKind, SourceTask};
use dogwatch::domain::source::{Capability, Freshness};
use dogwatch::domain::{
    Accepted, AlertCause, Author, Command, Effect, Event, Fingerprint, IncidentId, Labels, Level, OutsideAlert, OutsideSilence, Report,
    SentAlert, Severity, SourceDefinition, SourceId,
};
use dogwatch::rules::{self, Asked, DueKey};
use dogwatch::wire::message::{Answer, Ask};
use dogwatch::world::{SilencingState, World};
use jiff::{SignedDuration, Timestamp};
use stage::{Stage, Story, ana};
use std::sync::Arc;
use std::time::Duration;

/// A world in the making, with what is asked of the outside.
struct Made {
    world: World,
    now: Timestamp,
    effects: Vec<Effect>,
    author: Author,
}

impl Made {
    fn new(sources: &[&str]) -> Self {
        let mut made = Self { world: World::new(), now: stage::now(), effects: Vec::new(), author: ana() };
        for source in sources {
            let definition = SourceDefinition {
                id: (*source).into(),
                kind: SourceKind::Alertmanager,
                url: "https://am.example".into(),
                credentials: None,
                ca_file: None,
                every: Duration::from_secs(15),
                timeout: Duration::from_secs(10),
                silence_for: Duration::from_mins(15),
            };
            let capabilities = vec![Capability::Acknowledge, Capability::Silence];
            made.carry(
                Event::SourceDefined {
                    source: (*source).into(),
                    kind: "alertmanager".into(),
                    capabilities,
                    definition: Some(Arc::new(definition)),
                }
                .into(),
            );
        }
        made
    }

    fn asked(&self) -> Asked<'_> {
        Asked { author: &self.author, now: self.now, boot_id: "boot", random: 7, level: Level::Operator }
    }

    fn carry(&mut self, decision: rules::Decision) -> Vec<Event> {
        let asked = Asked { author: &self.author, now: self.now, boot_id: "boot", random: 7, level: Level::Operator };
        let (entries, effects) = rules::carry_out(&mut self.world, decision, &asked);
        self.effects = effects;
        entries.into_iter().map(|entry| entry.event).collect()
    }

    fn report(&mut self, report: &Report) -> Vec<Event> {
        let decision = rules::report(&self.world, report, &self.asked());
        self.carry(decision)
    }

    fn read(&mut self, source: &str, alerts: Vec<OutsideAlert>, silences: Vec<OutsideSilence>) -> Vec<Event> {
        let asked_at = self.now;
        self.report(&Report::SourceRead { source: source.into(), asked_at, alerts, silences, left_out: 0, words: None })
    }

    fn command(&mut self, command: &Command) -> Result<Vec<Event>, String> {
        let decision = rules::decide(&self.world, command, &self.asked()).map_err(|refusal| refusal.reason)?;
        Ok(self.carry(decision))
    }

    fn wait(&mut self, span: SignedDuration) {
        self.now = self.now.checked_add(span).unwrap();
    }

    /// Does what is due for all silences of a neighbour.
    fn due(&mut self, source: &str) -> Vec<Event> {
        let markers: Vec<String> = self.world.sources[&SourceId::new(source)].silencings.keys().cloned().collect();
        let keys = markers.into_iter().map(|marker| DueKey::SourceSilence(source.into(), marker));
        keys.flat_map(|key| {
            let decision = rules::due(&self.world, &key, &self.asked());
            self.carry(decision)
        })
        .collect::<Vec<_>>()
    }
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn alert(name: &str) -> OutsideAlert {
    let labels = labels(&[("alertname", name), ("service", "shop")]);
    OutsideAlert {
        fingerprint: Fingerprint::of(&labels),
        labels,
        severity: Severity::High,
        summary: format!("{name} hurts"),
        link: None,
        silenced_by: Vec::new(),
        is_muted: false,
    }
}

/// The id of Leo's silence.
const SILENCE: &str = "54c9df4f-9f0b-4a0c-8a35-0f6f2a1c7d11";

fn open(world: &World) -> Vec<IncidentId> {
    world.incidents.values().filter(|incident| incident.is_open()).map(|incident| incident.id).collect()
}

#[test]
fn two_environments_may_name_their_alerts_alike() {
    let mut made = Made::new(&["staging", "warehouse"]);
    made.read("staging", vec![alert("Down")], vec![]);
    made.read("warehouse", vec![alert("Down")], vec![]);
    assert_eq!(open(&made.world).len(), 2);
    assert!(made.read("warehouse", vec![alert("Down")], vec![]).is_empty(), "nothing new is no entry");
    made.read("staging", vec![], vec![]);
    assert_eq!(open(&made.world).len(), 1, "the other environment's goes on");
    assert!(made.read("warehouse", vec![alert("Down")], vec![]).is_empty());
    made.read("warehouse", vec![], vec![]);
    assert!(open(&made.world).is_empty());
}

#[test]
fn what_a_webhook_brought_while_the_neighbour_was_read_is_not_missing() {
    let mut made = Made::new(&["warehouse"]);
    let asked_at = made.now;
    made.wait(SignedDuration::from_secs(1));
    let sent = SentAlert {
        labels: alert("Down").labels,
        severity: Severity::High,
        summary: "x".into(),
        link: None,
        lasts: None,
        source: Some("warehouse".into()),
    };
    made.command(&Command::SendAlert { alert: sent }).unwrap();
    made.report(&Report::SourceRead { source: "warehouse".into(), asked_at, alerts: vec![], silences: vec![], left_out: 0, words: None });
    assert_eq!(open(&made.world).len(), 1);
    made.wait(SignedDuration::from_secs(15));
    made.read("warehouse", vec![], vec![]);
    assert!(open(&made.world).is_empty());
}

#[test]
fn a_silence_is_asked_for_after_its_entry_kept_alive_and_ended() {
    let mut made = Made::new(&["warehouse"]);
    made.read("warehouse", vec![alert("Down")], vec![]);
    let incident = open(&made.world)[0];
    let events = made.command(&Command::Acknowledge { incident, note: None }).unwrap();
    let Some(Event::SourceSilenceAsked { order, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!(
        order.matchers,
        [LabelMatcher::exact("alertname", "Down"), LabelMatcher::exact("service", "shop")],
        "without the environment"
    );
    assert!(order.comment.starts_with("ack by ana via dogwatch"), "{}", order.comment);
    assert!(
        matches!(&made.effects[..], [Effect::AskSource(asked)] if asked.task == SourceTask::Stand && asked.silence.id.is_none()),
        "{:?}",
        made.effects
    );
    let (marker, ends) = (order.marker.clone(), order.ends);

    // It fails: tried again later, not sooner than the neighbour wishes and not later than is bearable.
    let fault = |words: &str, wish: u64| SourceFault {
        words: words.into(),
        refused: false,
        gone: false,
        retry_after: Some(Duration::from_secs(wish)),
    };
    made.report(&Report::SilenceFailed { source: "warehouse".into(), marker: marker.clone(), fault: fault("429", 1_000_000_000) });
    let row = made.world.silencing(&"warehouse".into(), &marker).unwrap();
    assert_eq!(row.state, SilencingState::Again(made.now + SignedDuration::from_mins(15)), "a wish of thirty years is clamped");
    made.wait(SignedDuration::from_mins(15));
    let again = made.due("warehouse");
    assert!(matches!(&again[..], [Event::SourceSilenceAsked { order, .. }] if order.marker == marker && order.ends > ends), "{again:?}");

    let ends = made.now + SignedDuration::from_mins(15);
    made.report(&Report::SilenceMade { source: "warehouse".into(), marker: marker.clone(), id: "s1".into(), ends });
    assert!(made.due("warehouse").is_empty(), "it stands");
    made.wait(SignedDuration::from_mins(11));
    assert!(matches!(&made.due("warehouse")[..], [Event::SourceSilenceProlonging { ends: later, .. }] if *later > ends));
    made.report(&Report::SilenceMade {
        source: "warehouse".into(),
        marker: marker.clone(),
        id: "s1".into(),
        ends: made.now + SignedDuration::from_mins(15),
    });

    // Recovery: the incident is over and the silence is asked to end.
    let over = made.read("warehouse", vec![], vec![]);
    assert!(over.iter().any(|event| matches!(event, Event::IncidentResolved { .. })), "{over:?}");
    assert!(
        matches!(&made.effects[..], [Effect::AskSource(asked)] if asked.task == SourceTask::End && asked.silence.id.as_deref() == Some("s1")),
        "{:?}",
        made.effects
    );
    made.report(&Report::SilenceExpired { source: "warehouse".into(), marker });
    assert!(made.world.sources[&SourceId::new("warehouse")].silencings.is_empty());
}

#[test]
fn an_ack_that_is_taken_back_while_the_silence_is_being_made_ends_it() {
    let mut made = Made::new(&["warehouse"]);
    made.read("warehouse", vec![alert("Down")], vec![]);
    let incident = open(&made.world)[0];
    made.command(&Command::Acknowledge { incident, note: None }).unwrap();
    let events = made.command(&Command::Unacknowledge { incident }).unwrap();
    let Some(Event::SourceSilenceEnding { marker, .. }) = events.last() else { panic!("{events:?}") };
    let marker = marker.clone();
    let asked = |made: &Made| matches!(&made.effects[..], [Effect::AskSource(asked)] if asked.task == SourceTask::End && asked.silence.marker == marker);
    assert!(asked(&made), "by its marker, for its id is not known: {:?}", made.effects);
    // Acknowledged again at once: another silence, which the end of the first does not touch.
    made.wait(SignedDuration::from_secs(1));
    let events = made.command(&Command::Acknowledge { incident, note: None }).unwrap();
    assert!(matches!(events.last(), Some(Event::SourceSilenceAsked { order, .. }) if order.marker != marker));
    made.report(&Report::SilenceExpired { source: "warehouse".into(), marker });
    assert_eq!(made.world.sources[&SourceId::new("warehouse")].silenced.len(), 1);
}

#[test]
fn a_lost_silence_is_made_anew_one_that_someone_ended_is_not_and_a_second_one_is_ended() {
    let mut made = Made::new(&["warehouse"]);
    made.read("warehouse", vec![alert("Down")], vec![]);
    let incident = open(&made.world)[0];
    let events = made.command(&Command::Acknowledge { incident, note: None }).unwrap();
    let Some(Event::SourceSilenceAsked { order, .. }) = events.last().cloned() else { panic!("{events:?}") };
    let source = SourceId::new("warehouse");
    made.report(&Report::SilenceMade { source: source.clone(), marker: order.marker.clone(), id: "s1".into(), ends: order.ends });
    let there = |id: &str, is_over: bool| OutsideSilence {
        id: id.into(),
        matchers: order.matchers.clone(),
        starts: stage::now(),
        ends: order.ends,
        by: "ana".into(),
        comment: order.comment.clone(),
        is_over,
    };
    made.wait(SignedDuration::from_secs(15));
    let mut hidden = alert("Down");
    hidden.silenced_by = vec!["s1".into(), "s2".into()];
    let events = made.read("warehouse", vec![hidden.clone()], vec![there("s1", false), there("s2", false)]);
    let ended = events.iter().any(|event| matches!(event, Event::SourceSilenceEnding { reason, .. } if reason == "it was made twice"));
    assert!(ended && matches!(&made.effects[..], [Effect::AskSource(asked)] if asked.silence.id.as_deref() == Some("s2")), "{events:?}");
    let second = made.world.sources[&source].silencings.keys().find(|marker| **marker != order.marker).unwrap().clone();
    made.report(&Report::SilenceExpired { source: source.clone(), marker: second });

    made.wait(SignedDuration::from_secs(15));
    let events = made.read("warehouse", vec![alert("Down")], vec![]);
    assert!(
        events.iter().any(|event| matches!(event, Event::SourceSilenceAsked { order: again, .. } if again.marker == order.marker)),
        "lost there: {events:?}"
    );
    made.report(&Report::SilenceMade {
        source: source.clone(),
        marker: order.marker.clone(),
        id: "s3".into(),
        ends: made.now + SignedDuration::from_mins(15),
    });
    made.wait(SignedDuration::from_secs(15));
    let events = made.read("warehouse", vec![alert("Down")], vec![there("s3", true)]);
    assert!(
        events.iter().any(|event| matches!(event, Event::SourceSilenceEnded { reason, .. } if reason.contains("someone"))),
        "{events:?}"
    );
    made.wait(SignedDuration::from_secs(15));
    assert!(made.read("warehouse", vec![alert("Down")], vec![there("s3", true)]).is_empty(), "what someone ended stays ended");
    assert!(made.world.incident(incident).unwrap().acknowledged.is_some());
}

/// An acknowledged alert whose silence stands under the id `s1`; with its order.
fn silenced(made: &mut Made) -> Arc<dogwatch::domain::SilenceOrder> {
    made.read("warehouse", vec![alert("Down")], vec![]);
    let incident = open(&made.world)[0];
    let events = made.command(&Command::Acknowledge { incident, note: None }).unwrap();
    let Some(Event::SourceSilenceAsked { order, .. }) = events.last().cloned() else { panic!("{events:?}") };
    let stands = Report::SilenceMade { source: "warehouse".into(), marker: order.marker.clone(), id: "s1".into(), ends: order.ends };
    made.report(&stands);
    made.wait(SignedDuration::from_secs(15));
    order
}

fn tasks(made: &Made) -> Vec<(SourceTask, Option<&str>)> {
    let orders = made.effects.iter().filter_map(|effect| match effect {
        Effect::AskSource(asked) => Some((asked.task, asked.silence.id.as_deref())),
        _ => None,
    });
    orders.collect()
}

#[test]
fn no_silence_is_made_or_prolonged_for_an_alert_that_the_same_reading_ends() {
    // The silence is lost there, and the alert is over: one reading says both.
    let mut made = Made::new(&["warehouse"]);
    silenced(&mut made);
    let events = made.read("warehouse", vec![], vec![]);
    assert!(open(&made.world).is_empty() && !events.iter().any(|event| matches!(event, Event::SourceSilenceAsked { .. })), "{events:?}");
    assert_eq!(tasks(&made), [(SourceTask::End, Some("s1"))]);

    // The same while it waits for another try at a neighbour that comes back.
    let mut made = Made::new(&["warehouse"]);
    let order = silenced(&mut made);
    made.wait(SignedDuration::from_mins(11));
    made.due("warehouse");
    let fault = SourceFault { words: "refused".into(), refused: false, gone: false, retry_after: None };
    made.report(&Report::SilenceFailed { source: "warehouse".into(), marker: order.marker.clone(), fault });
    made.report(&Report::SourceFailed { source: "warehouse".into(), error: "refused".into(), failures: 3 });
    made.read("warehouse", vec![], vec![]);
    assert_eq!(tasks(&made), [(SourceTask::End, Some("s1"))]);
}

#[test]
fn a_silence_that_was_made_although_it_is_to_end_is_ended_under_its_new_id() {
    let mut made = Made::new(&["warehouse"]);
    let order = silenced(&mut made);
    made.wait(SignedDuration::from_mins(11));
    made.due("warehouse");
    made.read("warehouse", vec![], vec![]);
    let report =
        |id: &str| Report::SilenceMade { source: "warehouse".into(), marker: order.marker.clone(), id: id.into(), ends: order.ends };
    // The answer to the order before comes after the end was asked for.
    made.report(&report("s2"));
    assert_eq!(tasks(&made), [(SourceTask::End, Some("s2"))]);
    made.report(&Report::SilenceExpired { source: "warehouse".into(), marker: order.marker.clone() });
    // And after nothing is known of it any more.
    made.report(&report("s3"));
    assert_eq!(tasks(&made), [(SourceTask::End, Some("s3"))]);
}

#[test]
fn an_alert_that_only_a_past_acknowledgement_hides_fires_anew() {
    let mut made = Made::new(&["warehouse"]);
    let order = silenced(&mut made);
    made.read("warehouse", vec![], vec![]);
    made.report(&Report::SilenceExpired { source: "warehouse".into(), marker: order.marker.clone() });
    made.wait(SignedDuration::from_secs(15));
    let mut hidden = alert("Down");
    hidden.silenced_by = vec!["s9".into()];
    let stray = OutsideSilence {
        id: "s9".into(),
        matchers: order.matchers.clone(),
        starts: stage::now(),
        ends: order.ends,
        by: "ana".into(),
        comment: order.comment.clone(),
        is_over: false,
    };
    let events = made.read("warehouse", vec![hidden.clone()], vec![stray.clone()]);
    assert_eq!(open(&made.world).len(), 1, "{events:?}");
    assert_eq!(tasks(&made), [(SourceTask::End, Some("s9"))]);
    made.wait(SignedDuration::from_secs(15));
    assert!(made.read("warehouse", vec![hidden], vec![stray]).is_empty(), "once is enough");
}

#[test]
fn the_age_of_what_is_stale_counts_from_the_last_answer() {
    let mut made = Made::new(&["warehouse"]);
    made.read("warehouse", vec![alert("Down")], vec![]);
    made.wait(SignedDuration::from_hours(1));
    let answered = made.now;
    made.wait(SignedDuration::from_secs(45));
    made.report(&Report::SourceFailed { source: "warehouse".into(), error: "refused".into(), failures: 3 });
    let since = |made: &Made| made.world.sources[&SourceId::new("warehouse")].stale_since();
    assert_eq!(since(&made), answered);
    made.wait(SignedDuration::from_mins(5));
    let again = made.report(&Report::SourceFailed { source: "warehouse".into(), error: "timed out".into(), failures: 20 });
    assert_eq!((again.len(), since(&made)), (1, answered), "another reason is no answer");
}

#[test]
fn a_stale_neighbour_is_never_ok_and_says_when_it_is_back() {
    let mut made = Made::new(&["warehouse"]);
    made.read("warehouse", vec![alert("Down")], vec![]);
    let incident = open(&made.world)[0];
    let failed = |failures| Report::SourceFailed { source: "warehouse".into(), error: "refused".into(), failures };
    assert!(made.report(&failed(1)).is_empty() && made.report(&failed(2)).is_empty());
    assert!(matches!(&made.report(&failed(3))[..], [Event::SourceChanged { freshness: Freshness::Stale { .. }, .. }]));
    assert!(made.report(&failed(4)).is_empty(), "once is enough");
    assert_eq!(open(&made.world), [incident]);
    for command in [
        Command::Acknowledge { incident, note: None },
        Command::ExpireAtSource { source: "warehouse".into(), id: "x".into() },
        Command::SilenceSource {
            source: "warehouse".into(),
            matchers: vec![LabelMatcher::exact("a", "b")],
            until: made.now + SignedDuration::from_hours(1),
            comment: "c".into(),
        },
    ] {
        assert!(made.command(&command).unwrap_err().starts_with("warehouse does not answer since"));
    }
    let back = made.read("warehouse", vec![alert("Down")], vec![]);
    assert!(matches!(&back[..], [Event::SourceChanged { freshness: Freshness::Fresh, .. }]), "{back:?}");
    made.command(&Command::Acknowledge { incident, note: None }).unwrap();
}

#[test]
fn dogwatchs_own_alerts_are_nobody_elses_to_end() {
    let mut made = Made::new(&[]);
    let labels = labels(&[("alertname", "ProbeDown"), ("source", "local"), ("probe", "home")]);
    let notice = dogwatch::domain::incident::AlertNotice {
        labels: labels.clone(),
        severity: Severity::High,
        summary: "home is down".into(),
        cause: AlertCause::ProbeDown { probe: "home".into() },
    };
    made.carry(Event::AlertFiring { alert: Fingerprint::of(&labels), source: SourceId::local(), notice }.into());
    made.command(&Command::EndAlert { labels: labels.clone(), reason: None, source: None }).unwrap();
    assert_eq!(made.world.alerts.len(), 1);
    let sent = SentAlert { labels, severity: Severity::Info, summary: "x".into(), link: None, lasts: None, source: None };
    made.command(&Command::SendAlert { alert: sent }).unwrap();
    assert_eq!(made.world.alerts.len(), 2, "it is another alert");
}

/// A neighbour at which an alert fires and Leo's silence stands.
fn story() -> Story {
    let mut story = Story::new();
    let mut made = Made::new(&["warehouse"]);
    let events = made.read(
        "warehouse",
        vec![alert("Down")],
        vec![OutsideSilence {
            id: SILENCE.into(),
            matchers: vec![LabelMatcher::exact("service", "payments")],
            starts: stage::now(),
            ends: stage::now() + SignedDuration::from_hours(1),
            by: "leo".into(),
            comment: "moving payments".into(),
            is_over: false,
        }],
    );
    let defined = Event::SourceDefined {
        source: "warehouse".into(),
        kind: "alertmanager".into(),
        capabilities: vec![Capability::Acknowledge, Capability::Silence],
        definition: made.world.sources[&SourceId::new("warehouse")].definition.clone(),
    };
    for event in std::iter::once(defined).chain(events) {
        story.tell(600, Author::Engine, event);
    }
    story
}

#[test]
fn the_page_of_sources_shows_how_each_answers_and_the_queue_greys_what_is_stale() {
    let story = story();
    let mut stage = Stage::with(&story, (120, 40));
    stage.key("alt-s");
    assert_eq!(stage.app.screen(), Some(&Screen::Sources));
    let picture = stage.picture();
    for wanted in
        ["warehouse", "alertmanager", "answers", "1 firing", "https://am.example", "service=\"payments\"", "leo", "moving payments"]
    {
        assert!(picture.contains(wanted), "{wanted}:\n{picture}");
    }
    let stale = Freshness::Stale { reason: "connection refused".into() };
    stage.entry(Author::Engine, Event::SourceChanged { source: "warehouse".into(), freshness: stale });
    let picture = stage.picture();
    assert!(picture.contains("stale") && picture.contains("connection refused"), "{picture}");
    stage.press("back");
    stage.press("pane-3");
    let picture = stage.picture();
    // The age is what a narrow column must not cut.
    let row = |picture: &str| picture.lines().find(|line| line.contains("Down hurts")).map(str::to_owned).unwrap_or_default();
    assert!(row(&picture).contains("warehouse: Down hurts") && row(&picture).contains("stale 45s"), "{picture}");
    stage.press("queue");
    let picture = stage.picture();
    assert!(row(&picture).contains("warehouse: Down hurts") && row(&picture).contains("stale 45s, new"), "{picture}");
    stage.press("open");
    let picture = stage.picture();
    assert!(picture.lines().any(|line| line.contains("│ Down ") && !line.contains("hurts")), "{picture}");
    for size in [(0, 0), (20, 5), (80, 24), (200, 60)] {
        let mut stage = Stage::with(&story, size);
        stage.key("alt-s");
        stage.picture();
    }
}

/// The page, with the cursor on the neighbour.
fn page(size: (u16, u16)) -> Stage {
    let mut stage = Stage::with(&story(), size);
    stage.press("sources");
    stage.asked.clear();
    stage
}

fn asked(stage: &Stage, author: &Author, act: impl FnOnce(&World, &Asked)) {
    act(&stage.app.session.world, &Asked { author, now: stage.now, boot_id: "boot", random: 7, level: Level::Operator });
}

/// Answers the last preview that was asked for as the daemon does; gives its lines.
fn foresee(stage: &mut Stage) -> Vec<String> {
    let dry = |request: &dogwatch::wire::message::Request| match &request.ask {
        Ask::Command { command, dry_run: true, .. } => Some((request.id, command.clone())),
        _ => None,
    };
    let (id, command) = stage.asked.iter().rev().find_map(dry).expect("a preview is asked for");
    let mut lines = Vec::new();
    asked(stage, &ana(), |world, asked| lines = rules::preview(world, &command, asked).unwrap());
    stage.answer(id, Answer::Accepted(Accepted::WouldDo(lines.clone())));
    lines
}

/// Lets what was asked for last become facts.
fn carry_out(stage: &mut Stage) -> Vec<Event> {
    let command = stage.commands().last().copied().cloned().expect("something is asked for");
    let mut events = Vec::new();
    asked(stage, &ana(), |world, asked| {
        let decision = rules::decide(world, &command, asked).unwrap();
        let (entries, _) = rules::carry_out(&mut world.clone(), decision, asked);
        events = entries.into_iter().map(|entry| entry.event).collect();
    });
    for event in &events {
        stage.entry(ana(), event.clone());
    }
    events
}

/// The row of Leo's silence.
fn row(stage: &mut Stage) -> String {
    let picture = stage.picture();
    picture.lines().find(|line| line.contains("leo")).unwrap_or_else(|| panic!("{picture}")).to_owned()
}

fn said(stage: &Stage) -> Vec<&str> {
    stage.app.toasts().iter().map(|toast| toast.words.as_str()).collect()
}

#[test]
fn a_silence_there_is_ended_with_its_key() {
    let mut stage = page((120, 40));
    stage.press("down");
    stage.press("end-silence");
    assert_eq!(foresee(&mut stage), ["asks warehouse to end the silence"]);
    let dialog = stage.picture();
    for wanted in [SILENCE, "service=\"payments\"", "by leo until 03:41: moving payments", "asks warehouse to end the silence"] {
        assert!(dialog.contains(wanted), "{wanted}:\n{dialog}");
    }
    stage.press("confirm");
    assert_eq!(stage.commands(), [&Command::ExpireAtSource { source: "warehouse".into(), id: SILENCE.into() }]);
    carry_out(&mut stage);
    assert!(row(&mut stage).contains("ending"), "{}", stage.picture());
    for action in ["end-silence", "extend-silence"] {
        stage.press(action);
        assert!(said(&stage).iter().any(|words| words.ends_with(": it is being ended already")), "{:?}", said(&stage));
    }
    assert_eq!(stage.commands().len(), 1);
}

#[test]
fn a_silence_there_lasts_longer_with_its_key() {
    let mut stage = page((120, 40));
    stage.press("down");
    stage.press("extend-silence");
    stage.key("backspace");
    stage.key("backspace");
    stage.type_text("3h");
    stage.press("confirm");
    let until = stage.now + SignedDuration::from_hours(3);
    assert_eq!(stage.commands(), [&Command::ExtendAtSource { source: "warehouse".into(), id: SILENCE.into(), until }]);
    let events = carry_out(&mut stage);
    assert!(row(&mut stage).contains("extending"), "{}", stage.picture());
    let Some(Event::SourceSilenceProlonging { source, marker, ends }) = events.last().cloned() else { panic!("{events:?}") };
    stage.entry(Author::Engine, Event::SourceSilenceMade { source, marker, id: SILENCE.into(), ends });
    assert!(row(&mut stage).contains("until 05:41"), "before it is read the next time: {}", stage.picture());
}

#[test]
fn a_silence_is_made_there_with_the_preview_of_the_command() {
    for size in [(80, 24), (120, 40)] {
        let mut stage = page(size);
        insta::assert_snapshot!(format!("sources_{}x{}", size.0, size.1), stage.picture_with_roles());
        stage.press("silence");
        stage.type_text("service=~\"sh.*\" alertname=Down");
        assert!(stage.asked.is_empty(), "nothing that could be previewed was typed yet");
        stage.press("next-field");
        let lines = foresee(&mut stage);
        assert!(lines.contains(&"hides now (high): Down hurts".to_owned()), "{lines:?}");
        assert!(lines.iter().any(|line| line.contains("1 alert of the last 7 days")), "{lines:?}");
        insta::assert_snapshot!(format!("source_silence_{}x{}", size.0, size.1), stage.picture_with_roles());
        stage.press("next-field");
        stage.type_text("moving the shop");
        stage.press("confirm");
        let matchers = ["service=~sh.*", "alertname=Down"].map(|text| LabelMatcher::parse(text).unwrap()).to_vec();
        let until = stage.now + SignedDuration::from_hours(1);
        let wanted = Command::SilenceSource { source: "warehouse".into(), matchers, until, comment: "moving the shop".into() };
        assert_eq!(stage.commands(), [&wanted]);
        let events = carry_out(&mut stage);
        let Some(Event::SourceSilenceAsked { source, order }) = events.last().cloned() else { panic!("{events:?}") };
        assert!(stage.picture().contains("being made"), "{}", stage.picture());
        // It can be ended as soon as it stands, also before it is read.
        let (marker, ends) = (order.marker.clone(), order.ends);
        stage.entry(Author::Engine, Event::SourceSilenceMade { source, marker, id: "s2".into(), ends });
        stage.press("down");
        stage.press("end-silence");
        stage.press("confirm");
        assert_eq!(stage.commands().last(), Some(&&Command::ExpireAtSource { source: "warehouse".into(), id: "s2".into() }));
    }
}

#[test]
fn labels_that_are_none_are_told_and_what_was_previewed_before_is_gone() {
    let mut stage = page((120, 40));
    stage.press("silence");
    stage.type_text("service=shop");
    // Confirmed too soon: what is missing is asked for, and what is there is previewed.
    stage.press("confirm");
    foresee(&mut stage);
    assert!(stage.picture().contains("hides now") && stage.picture().contains("comment may not be empty"), "{}", stage.picture());
    stage.type_text("why");
    stage.press("previous-field");
    stage.press("previous-field");
    stage.key("home");
    stage.type_text("no");
    stage.type_text(" ");
    stage.press("next-field");
    assert!(!stage.picture().contains("hides now"), "{}", stage.picture());
    stage.press("confirm");
    assert!(stage.commands().is_empty() && stage.picture().contains("`no` is no matcher such as"), "{}", stage.picture());
}

#[test]
fn what_cannot_be_done_with_a_silence_there_says_why() {
    let words = |stage: &mut Stage, action: &str| {
        stage.press(action);
        let words = said(stage).last().copied().unwrap_or_default().to_owned();
        assert!(stage.app.layers().is_empty() && stage.commands().is_empty(), "{action}");
        words
    };
    let intake = dogwatch::domain::sent::IntakeDefinition {
        listen: "127.0.0.1:9099".into(),
        token: dogwatch::domain::channel::SecretRef::Env("TOKEN".into()),
    };
    let mut stage = page((120, 40));
    stage.entry(Author::Engine, Event::IntakeDefined { intake: Some(Arc::new(intake)) });
    assert_eq!(words(&mut stage, "end-silence"), "end silence: there is no silence that stands under the cursor");
    assert_eq!(words(&mut stage, "extend-silence"), "extend: there is no silence that stands under the cursor");
    stage.press("bottom");
    assert_eq!(words(&mut stage, "silence"), "silence: there is no neighbour under the cursor");
    stage.press("up");
    let refused = Freshness::Stale { reason: "connection refused".into() };
    stage.entry(Author::Engine, Event::SourceChanged { source: "warehouse".into(), freshness: refused });
    for action in ["silence", "end-silence", "extend-silence"] {
        assert!(words(&mut stage, action).ends_with(": warehouse does not answer since 02:40: connection refused"), "{:?}", said(&stage));
    }

    let mut stage = page((120, 40));
    let viewer = dogwatch::wire::message::Welcome { level: Level::Viewer, ..stage::welcome() };
    stage.news(dogwatch::console::link::News::Connected(Box::new(viewer)));
    assert!(words(&mut stage, "silence").contains("you may look, not act"), "{:?}", said(&stage));

    // The silence of an acknowledgement lasts as long as that, and can be ended.
    let mut stage = page((120, 40));
    let order = dogwatch::domain::SilenceOrder {
        marker: "dw-1".into(),
        alert: Some(alert("Down").fingerprint),
        incident: Some(IncidentId(1)),
        matchers: vec![LabelMatcher::exact("service", "shop")],
        ends: stage.now + SignedDuration::from_mins(15),
        by: "ana".into(),
        comment: "ack by ana".into(),
        id: Some("s1".into()),
    };
    stage.entry(Author::Engine, Event::SourceSilenceAsked { source: "warehouse".into(), order: Arc::new(order) });
    stage.press("down");
    assert_eq!(words(&mut stage, "extend-silence"), "extend: it lasts as long as incident 1 is acknowledged");
    stage.press("end-silence");
    assert!(stage.picture().contains("ack by ana"), "{}", stage.picture());
}
