//! Facts about alerts from outside, neighbours and their silences → plain words.

use super::Teller;
use crate::domain::Event;
use crate::domain::counted;

impl Teller<'_> {
    /// The fact in words; nothing for facts of another family.
    pub(super) fn of_outside(&self, event: &Event) -> Option<String> {
        Some(match event {
            Event::AlertExpires { alert, at } => {
                format!("alert {} ends by itself at {}, unless it is sent again", self.alert(*alert), self.second(*at))
            }
            Event::AlertsRepeated { repeats } => {
                let times: u64 = repeats.iter().map(|repeat| u64::from(repeat.count)).sum();
                format!("{} sent again, {times} times in all", counted(repeats.len(), "alert"))
            }
            Event::IntakeDefined { intake: Some(intake) } => format!("alerts are taken in on {}", intake.listen),
            Event::IntakeDefined { intake: None } => "alerts are no longer taken in over HTTP".into(),
            Event::IntakeListens { error: Some(error), .. } => format!("the intake does not listen: {error}"),
            Event::IntakeListens { address, .. } => format!("the intake listens on {}", address.as_deref().unwrap_or("no address")),
            Event::IntakeCounted { counts } => format!(
                "the intake refused {} without the right token and {} that were no alerts, and dropped {}",
                counted(usize::try_from(counts.unauthorized).unwrap_or(usize::MAX), "request"),
                counts.malformed,
                counted(usize::try_from(counts.dropped).unwrap_or(usize::MAX), "alert"),
            ),
            Event::SourceNoted { source, note } => {
                let words = note.words.as_ref().map(|words| format!(": {words}")).unwrap_or_default();
                format!("{source}: {} hidden by others there, {} left out{words}", counted(note.hidden as usize, "alert"), note.left_out)
            }
            Event::SourceSilenceSeen { source, silence } => {
                format!("{source}: silence {} by {} until {}: {}", silence.id, silence.by, self.minute(silence.ends), silence.comment)
            }
            Event::SourceSilenceGone { source, id } => format!("{source}: silence {id} is over"),
            Event::SourceSilenceAsked { source, order } => {
                let matchers: Vec<_> = order.matchers.iter().map(ToString::to_string).collect();
                let who = self.naming.of(&order.by);
                match order.id {
                    None => format!("{source} asked for a silence for {who} until {}: {}", self.minute(order.ends), matchers.join(", ")),
                    Some(_) => format!("the silence of {who} at {source} taken up: {}", matchers.join(", ")),
                }
            }
            Event::SourceSilenceProlonging { source, ends, .. } => {
                format!("{source} asked to let a silence last until {}", self.minute(*ends))
            }
            Event::SourceSilenceMade { source, id, ends, .. } => format!("silenced at {source} until {}: {id}", self.minute(*ends)),
            Event::SourceSilenceFailed { source, error, next_at: Some(at), .. } => {
                format!("the silence at {source} failed, tried again at {}: {error}", self.second(*at))
            }
            Event::SourceSilenceFailed { source, error, next_at: None, .. } => format!("{source} refused the silence: {error}"),
            Event::SourceSilenceEnding { source, reason, .. } => format!("{source} asked to end the silence: {reason}"),
            Event::SourceSilenceEnded { source, reason, .. } => format!("the silence at {source} is over: {reason}"),
            _ => return None,
        })
    }
}
