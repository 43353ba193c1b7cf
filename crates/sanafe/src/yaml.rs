//! YAML as a tree of raw texts: names such as `0.10` would be lost as numbers.

use std::fmt::Display;

use granit_parser::{Event, Options, Parser};

/// What is wrong, and in which line.
#[derive(Debug, PartialEq)]
pub(crate) struct Fault {
    line: usize,
    what: String,
}

impl Fault {
    /// A fault in a line, from 1.
    pub(crate) fn at(line: usize, what: impl Into<String>) -> Fault {
        Fault { line, what: what.into() }
    }

    /// The same fault, in another line.
    pub(crate) fn on(self, line: usize) -> Fault {
        Fault { line, ..self }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// A node and where it begins.
#[derive(Clone, Debug)]
pub(crate) struct Node<'a> {
    line: usize,
    kind: Kind<'a>,
}

#[derive(Clone, Debug)]
enum Kind<'a> {
    Scalar(std::borrow::Cow<'a, str>),
    List(Vec<Node<'a>>),
    Map(Vec<(Node<'a>, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// The tree of a text that holds one document.
    pub(crate) fn parse(text: &'a str) -> Result<Node<'a>, Fault> {
        let mut open: Vec<Node<'a>> = Vec::new();
        let mut root = None;
        let mut options = Options::default();
        options.emit_comments = false;
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) = event.map_err(|fault| Fault { line: fault.marker().line(), what: fault.info() })?;
            let line = span.start.line();
            let done = match event {
                Event::Scalar(text, ..) => Node { line, kind: Kind::Scalar(text) },
                Event::SequenceStart(..) => {
                    open.push(Node { line, kind: Kind::List(Vec::new()) });
                    continue;
                }
                Event::MappingStart(..) => {
                    open.push(Node { line, kind: Kind::Map(Vec::new()) });
                    continue;
                }
                Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                    Some(node) => node,
                    None => continue,
                },
                Event::Alias(_) => return Err(Fault { line, what: "aliases are not read".into() }),
                Event::DocumentStart(..) if root.is_some() => {
                    return Err(Fault { line, what: "there is a second document".into() });
                }
                _ => continue,
            };
            match open.last_mut() {
                None => root = Some(done),
                Some(parent) => parent.take(done)?,
            }
        }
        root.ok_or(Fault { line: 1, what: "the file is empty".into() })
    }

    /// Adds a child. A mapping holds a key with itself for a value until its value comes.
    fn take(&mut self, child: Node<'a>) -> Result<(), Fault> {
        match &mut self.kind {
            Kind::Scalar(_) => {}
            Kind::List(all) => all.push(child),
            Kind::Map(all) => match all.last_mut() {
                Some((_, value)) if value.line == 0 => *value = child,
                _ => {
                    if !matches!(child.kind, Kind::Scalar(_)) {
                        return Err(child.fault("a key must be a name"));
                    }
                    all.push((child, Node { line: 0, kind: Kind::List(Vec::new()) }));
                }
            },
        }
        Ok(())
    }

    /// A fault at this node.
    pub(crate) fn fault(&self, what: impl Into<String>) -> Fault {
        Fault { line: self.line, what: what.into() }
    }

    /// The raw text of a scalar.
    pub(crate) fn text(&self) -> Result<&str, Fault> {
        match &self.kind {
            Kind::Scalar(text) => Ok(text),
            _ => Err(self.fault("a single value is needed here")),
        }
    }

    /// A finite number.
    pub(crate) fn number(&self) -> Result<f64, Fault> {
        let text = self.text()?;
        let number = text.parse::<f64>().ok().filter(|x| x.is_finite());
        number.ok_or_else(|| self.fault(format!("`{text}` is not a number")))
    }

    /// A whole number of at least 0.
    pub(crate) fn whole(&self) -> Result<u32, Fault> {
        let text = self.text()?;
        text.parse().map_err(|_| self.fault(format!("`{text}` is not a whole number from 0 to {}", u32::MAX)))
    }

    /// `true`, `false`, 1 or 0.
    pub(crate) fn flag(&self) -> Result<bool, Fault> {
        match self.text()? {
            "true" | "True" | "TRUE" | "1" => Ok(true),
            "false" | "False" | "FALSE" | "0" => Ok(false),
            other => Err(self.fault(format!("`{other}` is neither true nor false"))),
        }
    }

    /// The elements of a list.
    pub(crate) fn list(&self) -> Result<&[Node<'a>], Fault> {
        match &self.kind {
            Kind::List(all) => Ok(all),
            _ => Err(self.fault("a list is needed here")),
        }
    }

    /// Keys and values, of `{a: 1, b: 2}` and of `[a: 1, b: 2]` alike; none of nothing at all.
    pub(crate) fn entries(&self) -> Result<Vec<(&Node<'a>, &Node<'a>)>, Fault> {
        match &self.kind {
            Kind::Map(all) => Ok(all.iter().map(|(key, value)| (key, value)).collect()),
            Kind::List(all) => {
                let parts: Vec<_> = all.iter().map(Node::entries).collect::<Result<_, _>>()?;
                Ok(parts.into_iter().flatten().collect())
            }
            Kind::Scalar(text) if text.is_empty() || text == "~" || text == "null" => Ok(Vec::new()),
            Kind::Scalar(text) => Err(self.fault(format!("`{text}` stands where `name: value` is needed"))),
        }
    }

    /// The value of a key that there must be.
    pub(crate) fn get(&self, key: &str) -> Result<&Node<'a>, Fault> {
        self.find(key)?.ok_or_else(|| self.fault(format!("there is no `{key}`")))
    }

    /// The value of a key.
    pub(crate) fn find(&self, key: &str) -> Result<Option<&Node<'a>>, Fault> {
        let mut found = self.entries()?.into_iter().filter(|(own, _)| own.text() == Ok(key));
        match (found.next(), found.next()) {
            (_, Some((second, _))) => Err(second.fault(format!("`{key}` is there twice"))),
            (first, None) => Ok(first.map(|(_, value)| value)),
        }
    }

    /// Refuses keys other than these.
    pub(crate) fn only(&self, allowed: &[&str]) -> Result<(), Fault> {
        for (key, _) in self.entries()? {
            let name = key.text()?;
            if !allowed.contains(&name) {
                return Err(key.fault(format!("`{name}` is not known here, allowed is {}", allowed.join(", "))));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_attributes_read_alike() {
        for text in ["{a: 1, b: 0.10}", "[a: 1, b: 0.10]", "a: 1\nb: 0.10", "- a: 1\n- b: 0.10"] {
            let node = Node::parse(text).unwrap();
            assert_eq!(node.get("b").unwrap().text(), Ok("0.10"), "{text}");
            assert_eq!(node.entries().unwrap().len(), 2, "{text}");
        }
        assert_eq!(Node::parse("a: {}\nb: []\nc:").unwrap().get("c").unwrap().entries().unwrap().len(), 0);
    }

    #[test]
    fn faults_name_their_line() {
        let node = Node::parse("a: 1\nb: x\n").unwrap();
        assert_eq!(node.get("b").unwrap().number().unwrap_err().to_string(), "line 2: `x` is not a number");
        assert_eq!(node.only(&["a"]).unwrap_err().to_string(), "line 2: `b` is not known here, allowed is a");
        assert!(Node::parse("a: [1, 2").is_err() && Node::parse("").is_err() && Node::parse("a: *x").is_err());
        assert!(Node::parse("{[a]: 1}").is_err() && Node::parse("a: 1\n---\nb: 1\n").is_err());
        assert!(Node::parse("a: 1\na: 2").unwrap().get("a").is_err());
        assert!(Node::parse(&"[".repeat(100_000)).is_err());
    }
}
