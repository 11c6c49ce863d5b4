//! The places of a file's nodes, and the limits: everything is counted before it is kept.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::Style;
use crate::text::{Diagnostic, Place, Position};

/// Deepest nesting.
const DEPTH: usize = 32;
/// Most documents of a file.
const DOCUMENTS: usize = 64;
/// Most nodes of a file, every use of an anchor counted whole.
const NODES: usize = 100_000;
/// Most uses of anchors in a file.
const ALIASES: usize = 64;

/// A node's place, without what serde_yaml says of it.
#[derive(Debug)]
pub(super) struct Mark {
    pub place: Place,
    pub shape: Shape,
    /// Nodes in it, itself counted.
    size: usize,
}

#[derive(Debug)]
pub(super) enum Shape {
    Scalar { text: String, style: Style },
    List(Vec<Rc<Mark>>),
    Map(Vec<(Rc<Mark>, Rc<Mark>)>),
}

/// A collection that is still open.
struct Open {
    anchor: usize,
    place: Place,
    children: Vec<Rc<Mark>>,
    sort: Sort,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    List,
    Map,
}

struct Reader<'f> {
    file: &'f Path,
    lines: Vec<&'f str>,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Mark>>,
    documents: Vec<Option<Rc<Mark>>>,
    nodes: usize,
    aliases: usize,
    faults: Vec<Diagnostic>,
}

/// The places of all documents; an empty one is None.
pub(super) fn read<'f>(file: &'f Path, text: &'f str) -> Result<Vec<Option<Rc<Mark>>>, Vec<Diagnostic>> {
    let mut reader = Reader {
        file,
        lines: text.lines().collect(),
        open: Vec::new(),
        anchors: HashMap::new(),
        documents: Vec::new(),
        nodes: 0,
        aliases: 0,
        faults: Vec::new(),
    };
    for event in Parser::new_from_str(text) {
        let event = event.map_err(|error| {
            let at = position(error.marker());
            vec![syntax(file, at, error.info())]
        });
        let step = event.and_then(|(event, span)| reader.step(event, span));
        if let Err(mut fatal) = step {
            reader.faults.append(&mut fatal);
            break;
        }
    }
    if reader.faults.is_empty() {
        Ok(reader.documents)
    } else {
        Err(reader.faults)
    }
}

/// A file that is no YAML. `reason` is the parser's own and never holds a value.
pub(super) fn syntax(file: &Path, at: Position, reason: &str) -> Diagnostic {
    let help = "look at the indentation (blanks, never tabs), the closing of brackets and quotes, and put texts with \": \" or \" #\" in them in quotes";
    Diagnostic::error(
        "yaml/syntax",
        file,
        Place {
            start: at,
            end: at.right(1),
        },
        format!("this is not YAML: {reason}"),
    )
    .with_help(help)
}

impl Reader<'_> {
    fn step(&mut self, event: Event<'_>, span: Span) -> Result<(), Vec<Diagnostic>> {
        let place = place(span);
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                if self.documents.len() >= DOCUMENTS {
                    return self.too_much(place, format!("a file has at most {DOCUMENTS} documents"));
                }
                self.documents.push(None);
                Ok(())
            }
            Event::Alias(anchor) => {
                self.aliases += 1;
                if self.aliases > ALIASES {
                    return self.too_much(place, format!("a file uses anchors (*name) at most {ALIASES} times"));
                }
                let Some(mark) = self.anchors.get(&anchor).cloned() else {
                    return Err(vec![syntax(self.file, place.start, "an anchor that holds itself")]);
                };
                self.count(mark.size, place)?;
                self.add(mark);
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.is_some(), place);
                self.count(1, place)?;
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                };
                let text = text.into_owned();
                let width = place.end.column.saturating_sub(place.start.column);
                let place = if style == Style::Plain && text == "~" && width != 1 {
                    // A missing value reaches over what follows it.
                    Place::point(place.start)
                } else if style == Style::Quoted {
                    self.without_blanks(place)
                } else {
                    place
                };
                let mark = Rc::new(Mark {
                    place,
                    shape: Shape::Scalar { text, style },
                    size: 1,
                });
                self.keep(anchor, mark);
                Ok(())
            }
            Event::SequenceStart(anchor, tag) => self.begin(anchor, tag.is_some(), Sort::List, place),
            Event::MappingStart(anchor, tag) => self.begin(anchor, tag.is_some(), Sort::Map, place),
            Event::SequenceEnd | Event::MappingEnd => {
                self.end(place);
                Ok(())
            }
        }
    }

    /// The parser counts blanks after a quote as part of the text.
    fn without_blanks(&self, place: Place) -> Place {
        let line = usize::try_from(place.start.line)
            .ok()
            .and_then(|line| self.lines.get(line.checked_sub(1)?));
        // Not worth the search in lines that no person writes.
        let Some(line) = line.filter(|line| line.len() <= 1_000 && place.start.line == place.end.line) else {
            return place;
        };
        let count = |columns: u32| usize::try_from(columns).unwrap_or(usize::MAX);
        let width = count(place.end.column.saturating_sub(place.start.column));
        let written: String = line
            .chars()
            .skip(count(place.start.column.saturating_sub(1)))
            .take(width)
            .collect();
        Place {
            start: place.start,
            end: place.start.right(written.trim_end().chars().count()),
        }
    }

    fn begin(&mut self, anchor: usize, tagged: bool, sort: Sort, place: Place) -> Result<(), Vec<Diagnostic>> {
        self.refuse_tag(tagged, place);
        self.count(1, place)?;
        if self.open.len() >= DEPTH {
            let message = format!("nested deeper than {DEPTH} levels");
            return Err(vec![Diagnostic::error("yaml/too-deep", self.file, place, message)]);
        }
        self.open.push(Open {
            anchor,
            place,
            children: Vec::new(),
            sort,
        });
        Ok(())
    }

    fn end(&mut self, place: Place) {
        let Some(open) = self.open.pop() else {
            return;
        };
        let size = open
            .children
            .iter()
            .fold(1, |size: usize, child| size.saturating_add(child.size));
        // Of a map in a block, the end is where the next line begins: the start alone says more.
        let end = if place.end.line == open.place.start.line {
            place.end
        } else {
            open.place.start.right(1)
        };
        let shape = match open.sort {
            Sort::List => Shape::List(open.children),
            Sort::Map => Shape::Map(self.pairs(open.children)),
        };
        let mark = Rc::new(Mark {
            place: Place {
                start: open.place.start,
                end,
            },
            shape,
            size,
        });
        self.keep(open.anchor, mark);
    }

    /// Keys and values follow each other. A key that is there twice is told with both places.
    fn pairs(&mut self, children: Vec<Rc<Mark>>) -> Vec<(Rc<Mark>, Rc<Mark>)> {
        let mut children = children.into_iter();
        let mut pairs = Vec::new();
        let mut seen: HashMap<String, u32> = HashMap::new();
        let mut told = HashSet::new();
        while let (Some(key), Some(value)) = (children.next(), children.next()) {
            match &key.shape {
                Shape::Scalar { text, .. } => {
                    if let Some(line) = seen.get(text) {
                        if told.insert(key.place) {
                            let message = format!(
                                "the key \"{}\" is here a second time; the first is in line {line}",
                                short(text)
                            );
                            let fault = Diagnostic::error("yaml/duplicate-key", self.file, key.place, message);
                            self.faults.push(fault.with_help("leave one of the two out"));
                        }
                    } else {
                        seen.insert(text.clone(), key.place.start.line);
                    }
                }
                _ => {
                    let message = "a key is a word, not a list or a map";
                    self.faults
                        .push(Diagnostic::error("yaml/key", self.file, key.place, message));
                }
            }
            pairs.push((key, value));
        }
        pairs
    }

    fn keep(&mut self, anchor: usize, mark: Rc<Mark>) {
        if anchor > 0 {
            self.anchors.insert(anchor, mark.clone());
        }
        self.add(mark);
    }

    fn add(&mut self, mark: Rc<Mark>) {
        if let Some(open) = self.open.last_mut() {
            open.children.push(mark);
        } else if let Some(document) = self.documents.last_mut() {
            *document = Some(mark);
        }
    }

    fn count(&mut self, nodes: usize, place: Place) -> Result<(), Vec<Diagnostic>> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > NODES {
            return self.too_much(
                place,
                format!("a file has at most {NODES} values, every use of an anchor counted whole"),
            );
        }
        Ok(())
    }

    fn too_much(&self, place: Place, message: String) -> Result<(), Vec<Diagnostic>> {
        Err(vec![Diagnostic::error("yaml/too-much", self.file, place, message)])
    }

    fn refuse_tag(&mut self, tagged: bool, place: Place) {
        if tagged {
            let message = "tags (!name) mean nothing in a spec";
            let fault = Diagnostic::error("yaml/tag", self.file, place, message);
            self.faults
                .push(fault.with_help("leave the tag out; a text is forced by quotes"));
        }
    }
}

/// A key in an error message, never a page of it.
pub(crate) fn short(text: &str) -> String {
    let mut cut: String = text
        .chars()
        .take(40)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().count() > 40 {
        cut.push('…');
    }
    cut
}

fn place(span: Span) -> Place {
    Place {
        start: position(&span.start),
        end: position(&span.end),
    }
}

fn position(marker: &saphyr_parser::Marker) -> Position {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    // Lines are counted from 1 there, columns from 0.
    Position {
        line: number(marker.line()).max(1),
        column: number(marker.col()).saturating_add(1),
    }
}
