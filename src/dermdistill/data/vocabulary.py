"""The words and phrases by which diagnoses are recognised.

From the classes of the ISIC Archive and its challenges, HAM10000, PAD-UFES-20, derm7pt, DermNet,
Fitzpatrick17k and DDI. Everything here is written as ``diagnoses.folded`` leaves it.
"""

import re

_NUMBER = r"\d+(?:\.\d+)?"
_ORDINAL = r"(?:0|[1-5]|i|ii|iii|iv|v)[abcd]?"
_AT_MOST = r"(?:less than|more than|greater than|up to|at least|at most|over|under|above|below|[<>]=?|≤|≥)"

# Of two that begin alike the longer one stands first: the pattern never goes back, so no name takes long.
_QUALIFIERS = (
    r"(?:blue|pigmented spindle cell) na?evus like",
    # how far it has grown
    r"malignant", r"cutaneous", r"primary", r"recurrent(?: or persistent)?", r"persistent", r"early",
    r"in ?situ", r"invasive", r"nos", r"metastatic", r"metastas[ie]s", r"ulcerated",
    # subtypes
    r"superficial(?:ly)? spreading", r"ssm", r"nodular", r"nm", r"acral(?: or acral)?(?: lentiginous)?",
    r"lentiginous", r"alm", r"lentigo maligna(?: type)?", r"lmm", r"desmoplastic", r"neurotropic",
    r"spitz(?:oid)?", r"na?evoid", r"amelanotic", r"hypomelanotic", r"(?:heavily )?pigmented", r"mucosal",
    r"subungual", r"uveal", r"conjunctival", r"verrucous", r"polypoid", r"spindle cell",
    r"epithelioid(?: cell)?", r"(?:low|high) csd",
    r"on chronically sun exposed skin or lentigo maligna melanoma",
    # where it began
    r"na?evus associated", r"associated with a na?evus",
    r"arising in an? (?:(?:giant|congenital|blue|dysplastic|melanocytic) )*na?evus",
    # stage and thickness
    rf"stage {_ORDINAL}", r"(?:p ?)?t(?:is|[0-4][ab]?)(?: n[0-3][abc]?)?(?: m[01])?",
    rf"clark(?: level)? {_ORDINAL}",
    r"breslow(?: thickness| depth)?",
    rf"(?:{_AT_MOST} ?)?{_NUMBER} ?(?:mm )?(?:(?:to |and )?{_NUMBER} ?)?mm(?: thick)?",
)  # fmt: skip
_QUALIFIER = f"(?:{'|'.join(_QUALIFIERS)})(?= |$)"

MELANOMA = re.compile(rf"(?:{_QUALIFIER} )*+melanomas?(?: {_QUALIFIER})*+|mel|lentigo maligna(?: in situ)?")
"""Melanoma, with nothing beside it but stage, subtype or thickness."""

NO_MELANOMA = re.compile(
    r"(?:non|not|no) ?(?:melanomas?|mel)(?: skin cancers?)?|nmsc|keratinocyte carcinomas?"
)
"""Plainly anything but melanoma."""

BENIGN = re.compile(
    r"benign(?: (?:skin )?(?:lesion|tumou?r|neoplasm)s?)?|(?:non|not) ?(?:malignant|cancer|cancerous)"
)
"""Known not to be malignant, and nothing more."""

MALIGNANT = re.compile(r"malign(?:ant)?(?: (?:skin )?(?:lesion|tumou?r|neoplasm)s?)?")
"""A melanoma or another cancer."""

OTHER = re.compile(r"unk|others?|(?:an)?other diagnos[ie]s|miscellaneous")
"""Known to be none of the diagnoses that the source lists."""

UNDECIDED = re.compile(
    r"malign(?:ant)?|indeterminate(?: benign| malignant)?|unknown|not (?:known|specified)|undetermined"
    r"|un(?:decided|clear|sure|certain|confirmed|classified|diagnosed|graded|specified)"
    r"|un ?label+ed|no labels?|without labels?|not label+ed"
    r"|suspicious(?: (?:skin )?lesions?)?|suspected?|ambiguous|equivocal|borderline"
    r"|collision at least one malignant proliferation|indeterminate melanocytic proliferations"
    r"|(?:superficial )?atypical (?:intraepithelial )?melanocytic (?:proliferation|neoplasm)s?"
    r"(?: of uncertain significance)?"
    r"|atypical (?:spitz|pigmented spindle cell) tumou?r(?: (?:compound|dermal|junctional))?"
    r"|atypical (?:intraepidermal |junctional )?melanocytic hyperplasia"
    r"|atypical proliferative nodules in congenital melanocytic na?evus"
    r"|melanocytic tumou?r of uncertain malignant potential|meltump|stump|aimp|sampus|iampus"
)
"""The name says that nobody knows, or that pathologists could not decide."""

PROLIFERATIONS = re.compile(
    r"(?:benign|malignant|indeterminate) (?:epidermal|adnexal epithelial|soft tissue|neural) "
    r"proliferations?.*|merkel cell proliferations?|lymphocytic proliferations?.*"
    r"|collision only benign proliferations|metastatic carcinoma"
)
"""Groups of the ISIC Archive that hold no melanoma, though some of them say "malignant"."""

MENTION = re.compile(
    r"melanoo?m|\bmel\b|(?<!\d)(?<!\d )\bmm\b|\b(?:ssm|lmm|alm)\b|\bmaligna\b|mal[ie]gn|cancer|\bmetasta"
    r"|(?:melanotic|hutchinsons?) freckle|dubreuilh|\bacral lentiginous\b|\bmis\b"
)
"""Speaks of melanoma or of cancer."""

DOUBT = re.compile(
    r"[?]|\b(?:(?<!graft )vs|versus|susp\w*|possibl[ey]|probabl[ey]|likely|maybe|rule|ruled"
    r"|exclud\w*|query|ddx|differential|unsure|uncertain|unclear|unknown|undetermined|indeterminate|ambiguous|equivocal"
    r"|pending|unconfirmed|unlabel+ed|no|not|non|without|except|but|than|etc|history|rest|misc|mix|unsorted"
    r"|review|recheck|wrong|mislabel+ed|misclassified)\b|="
    r"|(?<!benign )\bothers?$"
    r"|\bother (?!benign\b)[a-z ]*\b(?:lesion|tumou?r|neoplasm|growth|pigmented|melanocytic)"
    r"|^(?:(?:other|all|skin) )*diseases?$"
)
"""Says that the diagnosis is not certain, what the lesion is not, or what else it may be."""

# Ends of the names of diagnoses, and whole words where an end says too little ("diagnosis" ends in -osis).
_ENDS = (
    r"carcinomas?|sarcomas?|lymphomas?|angiomas?|fibromas?|lipomas?|myomas?|neuromas?|xanthomas?|acanthomas?"
    r"|granulomas?|keratomas?|poromas?|adenomas?|syringomas?|cylindromas?|epitheliomas?|cytomas?|blastomas?"
    r"|lemm?omas?|folliculomas?|matric?omas?|matrixomas?|condylomas?|schwannomas?|ha?ematomas?|hamartomas?"
    r"|keratos[ie]s|itis|(?<!diagn)(?<!progn)os[ie]s|iasis|derma|plakia|ectas[ie]s|ectasias?|plasias?|phyma"
    r"|keratotic|erythemas?|dermatos[ie]s|dermopathy|dermatopathy"
)
_WORDS = (
    r"na?ev(?:us|i|e|ous)|mole|keloids?|scars?|warts?|verruca\w*|mollusc\w*|cysts?|comedo\w*|mili(?:a|um)|acne"
    r"|rosacea|eczema\w*|psoria\w*|lichen\w*|urticaria\w*|hives|alopecia|vitiligo|melasma|lentig\w+|freckles?"
    r"|ephelis|ephelides|macules?|skin tags?|acrochordons?|polyps?|papules?|papulosa|pemphig\w*|lupus|scabies"
    r"|tinea|ringworm|candida\w*|herpes|zoster|shingles|chickenpox|monkeypox|mpox|smallpox|measles|cowpox|hfmd"
    r"|impetigo|cellulitis|fungal|fungus|fung(?:oid|oides)|infections?|infestations?|bites?|exanthems?"
    r"|eruptions?|rash|porokerato\w*|striae|purpura|telangiect\w*|port wine stains?|venous lakes?|spider"
    r"|malformations?|bowens?|pagets?|kaposi|merkel|keratinocyt\w*|bcc|scc|akiec|dermatofib\w*|tattoos?|hemorrhage"
    r"|haemorrhage|ulcers?|burns?|wounds?|abscess\w*|tragus|nipple|hyperpigment\w*|hypopigment\w*|prurigo"
    r"|pruritus|pityr\w*|bullous|bullosa|porphyria|myiasis|pediculosis|syndrome|diseases?|disorders?|benign"
    r"|normal|healthy|callus|corns?|furuncles?|boils?|erosions?|excoriations?|leukemia|sebaceous|mycosis"
    r"|amyloid\w*|pigmentosum|pigmentosa|nigricans|cutis|kerion|intertrigo|cheilitis|leprosy|hair loss"
    r"|fordyce spots?|vasculopathy|chilblains?|nodularis|infiltrations?|injur\w+|abrasions?|\w*o?edema"
    r"|paronychia|incontinentia|livedo|sun damaged skin|pigmentary|morphea|\w*thekeoma"
    r"|dendritic cell neoplasm|supernumerary \w+"
)
DIAGNOSIS = re.compile(rf"\b(?:\w*(?:{_ENDS})|{_WORDS}|moles?)\b")
"""Holds a word of dermatology that names what is on the skin."""
