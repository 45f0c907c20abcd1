//! A scalar against a schema: its value, or what is wrong with it and how to write it.

use serde_json::{Number, Value};

use super::as_text;
use super::scalar::{Meaning, meaning};
use super::schema::{self, Expected};
use super::suggest::{listed, quoted, shown};
use super::tree::{Scalar, Style};

/// Why a scalar does not fit.
pub(super) struct Wrong {
    pub(super) message: String,
    pub(super) advice: String,
}

/// The value of `scalar`. With `confidential`, no message repeats it.
pub(super) fn value(scalar: &Scalar, schema: &Value, confidential: bool) -> Result<Value, Wrong> {
    let is_quoted = scalar.style == Style::Text;
    let case = Case { text: &scalar.text, is_quoted, schema, expected: Expected::of(schema), confidential };
    match &scalar.style {
        Style::Text => case.text(),
        Style::Plain => case.plain(),
        Style::Tagged(tag) => Err(Wrong {
            message: format!("the tag `{}` has no meaning in a manifest", shown(tag)),
            advice: "remove it; put text that begins with `!` in quotes".to_owned(),
        }),
    }
}

struct Case<'a> {
    text: &'a str,
    is_quoted: bool,
    schema: &'a Value,
    expected: Expected,
    confidential: bool,
}

impl Case<'_> {
    fn text(&self) -> Result<Value, Wrong> {
        match self.expected {
            Expected::Text | Expected::WholeOrText | Expected::Anything => {
                Ok(Value::String(self.text.to_owned()))
            }
            _ => Err(self.wrong("the text", quoted(self.text))),
        }
    }

    fn plain(&self) -> Result<Value, Wrong> {
        let meaning = meaning(self.text);
        match (meaning, self.expected) {
            (Meaning::Text, _) => self.text(),
            (Meaning::Null, _) => self.null(),
            (Meaning::Bool(value), Expected::Bool | Expected::Anything) => Ok(Value::Bool(value)),
            (Meaning::LegacyBool(value), Expected::Anything) => Ok(Value::Bool(value)),
            (Meaning::LegacyBool(value), Expected::Bool) => Err(Wrong {
                message: format!(
                    "expected true or false, found `{}`, which is a truth value in YAML 1.1 only",
                    self.text
                ),
                advice: format!("write {value}"),
            }),
            (Meaning::LegacyBool(value), Expected::Text) => Err(Wrong {
                message: match self.confidential {
                    true => "expected text, found what Kubernetes reads as true or false".to_owned(),
                    false => {
                        format!("expected text, found `{}`, which Kubernetes reads as {value}", self.text)
                    }
                },
                advice: self.advice(),
            }),
            (Meaning::Number(number), _) => self.number(number),
            (Meaning::OddNumber(number), Expected::Anything) => Ok(Value::Number(number)),
            (
                Meaning::OddNumber(number),
                Expected::Whole { .. } | Expected::Number | Expected::WholeOrText,
            ) => Err(Wrong {
                message: format!(
                    "expected {}, found `{}`, which Kubernetes reads as {number}",
                    self.expected.words(),
                    shown(self.text)
                ),
                advice: format!("write it in decimal digits: {number}"),
            }),
            (Meaning::OddNumber(_), _) => Err(self.wrong("the number", shown(self.text))),
            (Meaning::NotFinite, _) => Err(self.wrong("", format!("`{}`", self.text))),
            (Meaning::Bool(_) | Meaning::LegacyBool(_), _) => Err(self.wrong("", self.text.to_owned())),
        }
    }

    fn number(&self, number: Number) -> Result<Value, Wrong> {
        let whole = whole(&number);
        match (self.expected, whole) {
            (Expected::Number | Expected::Anything, _) => Ok(Value::Number(number)),
            (Expected::Whole { bits: 32 }, Some(value)) if i32::try_from(value).is_err() => {
                Err(self.out_of_range(i32::MIN.into(), i32::MAX.into()))
            }
            (Expected::Whole { .. } | Expected::WholeOrText, Some(value)) => Ok(value.into()),
            (Expected::Whole { .. }, None)
                if number.is_u64() || number.as_f64().is_some_and(|n| n.fract() == 0.0) =>
            {
                Err(self.out_of_range(i64::MIN, i64::MAX))
            }
            _ => Err(self.wrong("the number", shown(self.text))),
        }
    }

    fn null(&self) -> Result<Value, Wrong> {
        if schema::flag(self.schema, "nullable") || self.expected == Expected::Anything {
            return Ok(Value::Null);
        }
        let names = schema::field_names(self.schema);
        let instead = match self.expected {
            Expected::Text => as_text::value(self.text, self.schema),
            Expected::Object if !names.is_empty() => {
                format!("write fields below, indented: {}", listed(&names))
            }
            Expected::List => "write items below, each after `- `".to_owned(),
            _ => format!("give it a value: {}", self.expected.words()),
        };
        let advice = format!("remove the line, or {instead}");
        Err(Wrong { message: format!("expected {}, found nothing (null)", self.expected.words()), advice })
    }

    fn out_of_range(&self, least: i64, most: i64) -> Wrong {
        Wrong {
            message: format!("the number {} is too large or too small", shown(self.text)),
            advice: format!("write a whole number from {least} to {most}"),
        }
    }

    fn wrong(&self, sort: &str, shown: String) -> Wrong {
        let found = match (self.confidential, sort) {
            (true, "") => "something else".to_owned(),
            (true, sort) => sort.replace("the ", "a "),
            (false, "") => shown,
            (false, sort) => format!("{sort} {shown}"),
        };
        Wrong { message: format!("expected {}, found {found}", self.expected.words()), advice: self.advice() }
    }

    /// Whether the text may stand in the list that is expected.
    fn is_item(&self) -> bool {
        let items = self.schema.get("items").unwrap_or(&schema::ANYTHING);
        match Expected::of(items) {
            Expected::Text => as_text::fits(items, self.text),
            expected => matches!(expected, Expected::WholeOrText | Expected::Anything),
        }
    }

    fn advice(&self) -> String {
        let plain = if self.confidential { "…" } else { self.text };
        let names = schema::field_names(self.schema);
        match (self.expected, meaning(self.text)) {
            (Expected::Text, _) => as_text::instead(self.text, self.schema, self.confidential),
            (Expected::Whole { .. }, Meaning::Number(number))
                if self.is_quoted && whole(&number).is_some() =>
            {
                format!("write it without quotes: {}", shown(plain))
            }
            (Expected::Number, Meaning::Number(_)) => {
                format!("write it without quotes: {}", shown(plain))
            }
            (Expected::Bool, Meaning::Bool(value)) => format!("write it without quotes: {value}"),
            (Expected::Bool, _) => "write true or false".to_owned(),
            (Expected::List, _) if self.is_item() => format!("write it as a list: [{}]", quoted(plain)),
            (Expected::List, _) => "write items below, each after `- `".to_owned(),
            (Expected::Object, _) if !names.is_empty() => {
                format!("write fields below, indented: {}", listed(&names))
            }
            (Expected::WholeOrText, _) => "write digits only, or text in quotes".to_owned(),
            _ => format!("write {}", self.expected.words()),
        }
    }
}

/// The number as an integer, also when it is written with a fraction of zero.
fn whole(number: &Number) -> Option<i64> {
    if let Some(value) = number.as_i64() {
        return Some(value);
    }
    let value = number.as_f64().filter(|_| number.is_f64())?;
    // Integers up to 2^53 are exact in a double; beyond that the digits that were written are lost.
    (value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0).then_some(value as i64)
}
