//! The graph of a flow's steps. The layout depends on the definition alone and is made once; the states are painted
//! over it. All that the layout library gets is widths: no text from outside.
//!
//! ```text
//!   [✓ fetch]──→[✓ check]──┬→[✗ load]───┬→[◌ report]
//!                          └→[✓ archive]┘
//! ```

use super::paint::Painter;
use crate::console::theme::Role;
use crate::domain::{Digest, FlowDefinition, StepName};
use crate::text;
use ascii_dag::{Direction, Graph as Dag, LayoutConfig, RenderOptions};
use ratatui::layout::Rect;
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// Columns of a step's name; longer ones are cut.
const NAME_MAX: usize = 24;
/// Boxes that are laid out; a larger flow shows its list of steps only.
const BOXES_MAX: usize = 250;
/// A chain of so many steps that only follow one another is folded into one box where the graph is larger than its area.
const CHAIN: usize = 3;

/// A laid-out graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    canvas: Vec<Vec<char>>,
    boxes: Vec<Box>,
    width: usize,
}

/// One box of the graph: a step, or a folded chain of steps.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Box {
    /// Places of its steps in the definition.
    steps: Vec<usize>,
    label: String,
    x: usize,
    y: usize,
    width: usize,
}

/// The ways to lay a graph out, the best to read first.
const WAYS: [(Direction, bool); 4] =
    [(Direction::LeftRight, false), (Direction::TopDown, false), (Direction::LeftRight, true), (Direction::TopDown, true)];

/// The layouts of one definition, each made when it is first wanted: another size of the screen only chooses again.
#[derive(Debug, Default)]
pub struct Kept {
    of: Option<(Digest, bool)>,
    laid: [OnceCell<Option<Graph>>; WAYS.len()],
}

impl Kept {
    /// The layout that fits the area best: left to right, else top down, else either with chains folded; what is still
    /// larger is folded from left to right, and scrolled. Absent when there are no steps or too many.
    pub fn fitting(&mut self, definition: &FlowDefinition, digest: &Digest, width: u16, height: u16, ascii: bool) -> Option<&Graph> {
        let of = (digest.clone(), ascii);
        if self.of.as_ref() != Some(&of) {
            *self = Self { of: Some(of), ..Self::default() };
        }
        let mut chosen = None;
        for (place, ((direction, fold), slot)) in WAYS.into_iter().zip(&self.laid).enumerate() {
            let Some(graph) = slot.get_or_init(|| Graph::lay(definition, fold, direction, ascii)) else { continue };
            let fits = graph.width <= usize::from(width) && graph.canvas.len() <= usize::from(height);
            if fits || direction == Direction::LeftRight {
                chosen = Some(place);
            }
            if fits {
                break;
            }
        }
        self.laid.get(chosen?)?.get()?.as_ref()
    }
}

impl Graph {
    /// Rows that it takes.
    pub fn height(&self) -> u16 {
        u16::try_from(self.canvas.len()).unwrap_or(u16::MAX)
    }

    fn lay(definition: &FlowDefinition, fold: bool, direction: Direction, ascii: bool) -> Option<Self> {
        let groups = if fold { folded(definition) } else { (0..definition.steps.len()).map(|step| vec![step]).collect() };
        if groups.is_empty() || groups.len() > BOXES_MAX {
            return None;
        }
        let labels: Vec<String> = groups.iter().map(|group| label(definition, group)).collect();
        // A place holder for each name, as wide as it will be with its symbol.
        let holders: Vec<String> = labels.iter().map(|label| "x".repeat(text::width(label) + 2)).collect();
        let mut dag = Dag::new();
        for (id, holder) in holders.iter().enumerate() {
            dag.add_node(id, holder.as_str());
        }
        let mut home = BTreeMap::new();
        for (id, group) in groups.iter().enumerate() {
            home.extend(group.iter().filter_map(|step| Some((&definition.steps.get(*step)?.name, id))));
        }
        for (id, group) in groups.iter().enumerate() {
            let needs = group.iter().filter_map(|step| definition.steps.get(*step)).flat_map(|step| &step.needs);
            let mut from: Vec<usize> = needs.filter_map(|need| home.get(need).copied()).filter(|from| *from != id).collect();
            from.sort_unstable();
            from.dedup();
            for from in from {
                dag.add_edge(from, id, None);
            }
        }
        let mut config = LayoutConfig::standard();
        config.direction = direction;
        config.node_spacing = if direction == Direction::LeftRight { 0 } else { 2 };
        let laid = dag.compute_layout_with_config(&config);
        let options = if ascii { RenderOptions::ascii() } else { RenderOptions::plain() };
        let picture = laid.render_string(&options);
        let canvas: Vec<Vec<char>> = picture.lines().map(|line| line.trim_end().chars().collect()).collect();
        let boxes = groups
            .iter()
            .zip(labels)
            .enumerate()
            .filter_map(|(id, (steps, label))| {
                let node = laid.node_by_id(id)?;
                Some(Box { steps: steps.clone(), label, x: node.x, y: node.y, width: node.width })
            })
            .collect();
        let width = canvas.iter().map(Vec::len).max().unwrap_or(0);
        Some(Self { canvas, boxes, width })
    }

    /// Paints it, scrolled so that the selected step is in sight. `look` gives the symbol and role of a step; a folded
    /// chain shows the worst of its steps, which is the one that `rank` puts highest. A critical step stands in braces.
    pub fn draw<'g>(
        &self,
        painter: &mut Painter<'_>,
        area: Rect,
        selected: Option<usize>,
        look: impl Fn(usize) -> (&'g str, Role),
        rank: impl Fn(usize) -> u8,
        is_critical: impl Fn(usize) -> bool,
    ) {
        let (wide, high) = (usize::from(area.width), usize::from(area.height));
        let chosen = selected.and_then(|step| self.boxes.iter().find(|found| found.steps.contains(&step)));
        let (left, top) = chosen.map_or((0, 0), |chosen| {
            let middle = |at: usize, size: usize, room: usize, whole: usize| {
                (at + size / 2).saturating_sub(room / 2).min(whole.saturating_sub(room))
            };
            (middle(chosen.x, chosen.width, wide, self.width), middle(chosen.y, 1, high, self.canvas.len()))
        });
        for (row, line) in self.canvas.iter().skip(top).take(high).enumerate() {
            let shown: String = line.iter().skip(left).take(wide).collect();
            painter.text(area.x, area.y + row as u16, area.width, Role::Muted, &shown);
        }
        for found in &self.boxes {
            let inside = found.y >= top && found.y < top + high && found.x + found.width > left && found.x < left + wide;
            let Some(worst) = found.steps.iter().copied().max_by_key(|step| rank(*step)).filter(|_| inside) else { continue };
            let (symbol, role) = look(worst);
            let is_chosen = chosen.is_some_and(|chosen| chosen == found);
            let (open, close) = match (is_chosen, found.steps.iter().any(|step| is_critical(*step))) {
                (true, _) => ('<', '>'),
                (false, true) => ('{', '}'),
                (false, false) => ('[', ']'),
            };
            let words = format!("{open}{symbol} {}{close}", found.label);
            let skip = left.saturating_sub(found.x);
            let shown: String = words.chars().skip(skip).collect();
            let x = area.x + found.x.saturating_sub(left) as u16;
            let y = area.y + (found.y - top) as u16;
            let taken = painter.text(x, y, area.right().saturating_sub(x).min((found.width - skip) as u16), role, &shown);
            if is_chosen {
                painter.role(Rect::new(x, y, taken, 1).intersection(area), Role::Selected);
            }
        }
        let more = self.width > wide || self.canvas.len() > high;
        if more && area.height > 0 && self.width > left + wide {
            painter.text(area.right().saturating_sub(1), area.bottom() - 1, 1, Role::Key, ">");
        }
    }
}

fn label(definition: &FlowDefinition, group: &[usize]) -> String {
    let name = |step: Option<&usize>| step.and_then(|step| definition.steps.get(*step)).map_or("", |step| step.name.as_str());
    let words = match group {
        [one] => text::line(name(Some(one))).into_owned(),
        many => format!("{}..{} ({})", text::line(name(many.first())), text::line(name(many.last())), many.len()),
    };
    // Cut by two dots, which every terminal has.
    if text::width(&words) <= NAME_MAX { words } else { format!("{}..", text::fit(&words, NAME_MAX - 2, '.')) }
}

/// Steps with chains of those that only follow one another joined.
fn folded(definition: &FlowDefinition) -> Vec<Vec<usize>> {
    let place: BTreeMap<&StepName, usize> = definition.steps.iter().enumerate().map(|(place, step)| (&step.name, place)).collect();
    let mut followers = vec![Vec::new(); definition.steps.len()];
    for (place_of, step) in definition.steps.iter().enumerate() {
        for need in step.needs.iter().filter_map(|need| place.get(need)) {
            if let Some(list) = followers.get_mut(*need) {
                list.push(place_of);
            }
        }
    }
    let only_need = |step: usize| match definition.steps.get(step).map(|step| step.needs.as_slice()) {
        Some([one]) => place.get(one).copied(),
        _ => None,
    };
    let only_follower = |step: usize| match followers.get(step).map(Vec::as_slice) {
        Some([one]) if only_need(*one) == Some(step) => Some(*one),
        _ => None,
    };
    let mut groups = Vec::new();
    for step in 0..definition.steps.len() {
        let starts = only_need(step).and_then(only_follower) != Some(step);
        if !starts {
            continue;
        }
        let mut chain = vec![step];
        while let Some(next) = chain.last().copied().and_then(only_follower) {
            chain.push(next);
        }
        if chain.len() >= CHAIN {
            groups.push(chain);
        } else {
            groups.extend(chain.into_iter().map(|step| vec![step]));
        }
    }
    groups
}
