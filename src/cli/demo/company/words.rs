//! The words that the made-up people, streets, goods and conversations are put together from.

/// A country whose inhabitants buy at the shop.
pub struct Country {
    /// ISO 3166-1 alpha-2.
    pub code: &'static str,
    /// How many of 100 customers live there.
    pub share: u32,
    /// ISO 4217.
    pub currency: &'static str,
    /// The offset of its clocks, in minutes east of Greenwich.
    pub offset: i32,
    /// Given names, each with the letters it has in an e-mail address.
    pub given: &'static [(&'static str, &'static str)],
    /// Family names, likewise.
    pub family: &'static [(&'static str, &'static str)],
    /// Streets; `#` is the number of the house.
    pub streets: &'static [&'static str],
    /// Town, postal code, and state where the country has them.
    pub towns: &'static [(&'static str, &'static str, Option<&'static str>)],
}

/// The countries; their shares add up to 100.
pub const COUNTRIES: &[Country] = &[GERMANY, UNITED_STATES, FRANCE, BRITAIN, BULGARIA, UKRAINE, JAPAN];

const GERMANY: Country = Country {
    code: "DE",
    share: 30,
    currency: "EUR",
    offset: 60,
    given: &[
        ("Anna", "anna"),
        ("Jürgen", "juergen"),
        ("Lena", "lena"),
        ("Emre", "emre"),
        ("Käthe", "kaethe"),
        ("Ole", "ole"),
        ("Friederike", "friederike"),
        ("Minh", "minh"),
    ],
    family: &[
        ("Schröder", "schroeder"),
        ("Weiß", "weiss"),
        ("von der Heide", "vonderheide"),
        ("Yılmaz", "yilmaz"),
        ("Krämer", "kraemer"),
        ("Nowak", "nowak"),
        ("Böhm", "boehm"),
        ("Hansen-Petersen", "hansen-petersen"),
    ],
    streets: &["Lindenweg #", "Gartenstraße #", "Am Alten Markt #", "Mühlgasse #", "Straße der Pioniere #"],
    towns: &[
        ("Berlin", "10115", None),
        ("Hamburg", "20095", None),
        ("München", "80331", None),
        ("Köln", "50667", None),
        ("Frankfurt am Main", "60311", None),
    ],
};

const UNITED_STATES: Country = Country {
    code: "US",
    share: 30,
    currency: "USD",
    offset: -480,
    given: &[
        ("Olivia", "olivia"),
        ("Sam \"Sunny\"", "sunny"),
        ("José", "jose"),
        ("D'Andre", "dandre"),
        ("Mary, Jr.", "mary"),
        ("Wei", "wei"),
        ("Harper", "harper"),
        ("Noah", "noah"),
    ],
    family: &[
        ("O'Brien", "obrien"),
        ("Brooks", "brooks"),
        ("Núñez", "nunez"),
        ("Washington", "washington"),
        ("Null", "null"),
        ("Chen", "chen"),
        ("St. Clair", "stclair"),
        ("Begay", "begay"),
    ],
    streets: &["# Maple Ave", "# 2nd St, Apt 4", "# \"Old\" Mill Rd", "# Sunset Blvd", "# County Road 12"],
    towns: &[
        ("San Francisco", "94103", Some("CA")),
        ("Los Angeles", "90012", Some("CA")),
        ("Denver", "80202", Some("CO")),
        ("Richmond", "23219", Some("VA")),
        ("Austin", "78701", Some("TX")),
        ("Tampa", "33602", Some("FL")),
        ("Des Moines", "50309", Some("IA")),
    ],
};

const FRANCE: Country = Country {
    code: "FR",
    share: 15,
    currency: "EUR",
    offset: 60,
    given: &[
        ("Éloïse", "eloise"),
        ("Jean-Luc", "jean-luc"),
        ("Maëlle", "maelle"),
        ("François", "francois"),
        ("Aïcha", "aicha"),
        ("Théo", "theo"),
    ],
    family: &[
        ("Lefèvre", "lefevre"),
        ("d'Aubigné", "daubigne"),
        ("Le Goff", "legoff"),
        ("Müller", "muller"),
        ("Benali", "benali"),
        ("Œuvrard", "oeuvrard"),
    ],
    streets: &["# rue des Lilas", "# allée du Moulin", "#, impasse de l’Étang", "# bis, quai de la Gare"],
    towns: &[("Paris", "75011", None), ("Lyon", "69002", None), ("Nantes", "44000", None)],
};

const BRITAIN: Country = Country {
    code: "GB",
    share: 15,
    currency: "GBP",
    offset: 0,
    given: &[
        ("Siân", "sian"),
        ("Oliver", "oliver"),
        ("Priya", "priya"),
        ("Niamh", "niamh"),
        ("Callum", "callum"),
        ("Zoë", "zoe"),
    ],
    family: &[
        ("MacDonald", "macdonald"),
        ("Smith-Jones", "smith-jones"),
        ("Patel", "patel"),
        ("Ní Dhónaill", "nidhonaill"),
        ("ap Rhys", "aprhys"),
        ("True", "true"),
    ],
    streets: &["# High Street", "Flat 2, # Station Road", "The Old Forge, # Church Lane"],
    towns: &[("London", "N1 9GU", None), ("Leeds", "LS1 4DY", None), ("Edinburgh", "EH1 1YZ", None)],
};

const BULGARIA: Country = Country {
    code: "BG",
    share: 4,
    currency: "EUR",
    offset: 120,
    given: &[("Мария", "maria"), ("Георги", "georgi"), ("Ивана", "ivana"), ("Димитър", "dimitar")],
    family: &[("Иванова", "ivanova"), ("Петров", "petrov"), ("Стоянова", "stoyanova"), ("Колев", "kolev")],
    streets: &["ул. Липа #", "бул. Витоша #"],
    towns: &[("София", "1000", None), ("Пловдив", "4000", None)],
};

const UKRAINE: Country = Country {
    code: "UA",
    share: 3,
    currency: "EUR",
    offset: 120,
    given: &[("Олена", "olena"), ("Тарас", "taras"), ("Ганна", "hanna")],
    family: &[("Шевченко", "shevchenko"), ("Коваль", "koval"), ("Їжак", "yizhak")],
    streets: &["вул. Садова #", "просп. Перемоги #"],
    towns: &[("Київ", "01001", None), ("Львів", "79000", None)],
};

const JAPAN: Country = Country {
    code: "JP",
    share: 3,
    currency: "EUR",
    offset: 540,
    given: &[("さくら", "sakura"), ("健", "ken"), ("Hana 🌸", "hana")],
    family: &[("佐藤", "sato"), ("鈴木", "suzuki"), ("髙橋", "takahashi")],
    streets: &["桜町 #番地"],
    towns: &[("東京", "100-0001", None), ("大阪", "530-0001", None)],
};

/// What goods are like.
pub const MANNERS: &[&str] =
    &["Plain", "Striped", "Tall", "Folding", "\"Classic\"", "Blue, large", "Two-part", "Ø 30 cm", "Travel", "Oak"];

/// What goods are.
pub const GOODS: &[&str] = &[
    "teapot",
    "notebook",
    "lamp",
    "scarf",
    "chair",
    "crème brûlée set",
    "cushion",
    "umbrella ☂",
    "clock",
    "jar",
    "apron",
    "tray",
];

/// What customers write to the packer. A spreadsheet would run some of these as formulas.
pub const NOTES: &[&str] = &[
    "=1+1",
    "=HYPERLINK(\"https://example.org/\",\"click\")",
    "+1 box, please",
    "-",
    "@home after six",
    "Leave it at the door,\nnot with the neighbour",
    "\"Fragile\", as they say",
    "Пожалуйста, позвоните заранее",
    "🎁 gift wrap",
    "c/o reception; floor 3",
    "",
];

/// What tickets are about.
pub const SUBJECTS: &[&str] = &[
    "Where is my parcel?",
    "Wrong colour",
    "Invoice, please",
    "Broken on arrival 😢",
    "How do I change my address?",
    "Refund",
    "Не работи",
];

/// What customers write.
pub const QUESTIONS: &[&str] = &[
    "Hello, it has been ten days. Could you look?",
    "I ordered \"blue\", and got green.",
    "Please call me in the evening,\nnot before six.",
    "The lid is cracked; I have a picture if you need one.",
    "=SUM(1,2) is what your invoice says where the total should be.",
    "Благодаря предварително!",
];

/// What the shop answers.
pub const ANSWERS: &[&str] = &[
    "We are sorry to hear that, and have asked the carrier.",
    "Please send it back; a label is attached.",
    "Your refund will be there in three days.",
    "Done. Is there anything else?",
];

/// Pages of the shop.
pub const PATHS: &[&str] =
    &["/", "/kettles", "/lamps?sort=price", "/cart", "/account", "/sale", "/search?q=t%C3%A9", "/help/returns"];

/// Browsers.
pub const BROWSERS: &[&str] = &[
    "Mozilla/5.0 (X11; Linux x86_64)",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
    "Mozilla/5.0 (Android 16; Mobile)",
];
