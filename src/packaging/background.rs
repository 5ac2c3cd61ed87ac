//! What stands behind the data: why it is held, from where, who receives it, how long it stays (GDPR Art. 15(1)(a)-(g)).

/// What the controller's policy says of its data, for the readable page of a package.
#[derive(Clone, Debug, Default)]
pub struct Background {
    /// What data is used for.
    pub purposes: Vec<Use>,
    /// Who receives data.
    pub recipients: Vec<Receiver>,
    /// How long data stays, a sentence each.
    pub retention: Vec<String>,
    /// What is decided by machine alone, a sentence or a few each (GDPR Art. 15(1)(h)).
    pub automated: Vec<String>,
    /// Where to complain: a name, and a page where there is one (GDPR Art. 15(1)(f)).
    pub authority: Option<(String, Option<String>)>,
    /// Where to turn to for the other rights (GDPR Art. 15(1)(e)).
    pub contact: String,
}

/// One purpose.
#[derive(Clone, Debug)]
pub struct Use {
    /// What for, in the policy's words.
    pub text: String,
    /// The kinds of data in words; all of them when empty.
    pub kinds: Vec<String>,
    /// The legal basis, where the law asks for one.
    pub legal_basis: Option<String>,
    /// Where the data comes from, if not from the person.
    pub source: Option<String>,
}

/// One recipient.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// Its name.
    pub name: String,
    /// What it is to the controller.
    pub role: String,
    /// The kinds of data in words; all of them when empty.
    pub kinds: Vec<String>,
}

impl Background {
    /// Whether there is anything to say.
    pub fn is_empty(&self) -> bool {
        self.purposes.is_empty() && self.recipients.is_empty() && self.retention.is_empty() && self.automated.is_empty()
    }
}
