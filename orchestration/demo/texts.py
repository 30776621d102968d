"""What the fictional organisation says, in Indonesian and English, and the phrases that carry a theme.

Belongs here: words. Each sentence is plainly made up and speaks of imaginary places.
Does not belong here: times, counts, file forms.

Themes are known by construction: a sentence carries a theme exactly when it holds one of the phrases of
`THEME_PHRASES`, and no sentence holds any other term of these codes.
"""

from __future__ import annotations

PLACES = ("Desa Contoh", "Kota Rekaan", "Pelabuhan Misal", "Kampung Umpama", "Pulau Andaian", "Bukit Dongeng")

MARKER = {"id": "[sintetis]", "en": "[synthetic]"}

# Sentences by the theme that they are about, then by language. {place} and {n} are filled in.
SENTENCES: dict[str, dict[str, tuple[str, ...]]] = {
    "": {
        "id": (
            "Selamat pagi dari kantor rekaan kami di {place}.",
            "Buletin bulanan nomor {n} sudah ada di situs contoh.",
            "Foto tim kami di {place}, lembar {n}.",
            "Rapat mingguan selesai, notulen nomor {n} disimpan.",
            "Terima kasih kepada para relawan rekaan di {place}.",
        ),
        "en": (
            "Good morning from our imaginary office in {place}.",
            "Monthly bulletin number {n} is on the example site.",
            "Photos of our team in {place}, sheet {n}.",
            "The weekly meeting is over, minutes number {n} are filed.",
            "Thank you to the imaginary volunteers in {place}.",
        ),
    },
    "AWR": {
        "id": (
            "Webinar rekaan nomor {n} tentang perdagangan orang dari {place}.",
            "Kampanye rekaan nomor {n} melawan perdagangan orang di {place}.",
        ),
        "en": (
            "Imaginary webinar number {n} on human trafficking from {place}.",
            "Imaginary campaign number {n} against human trafficking in {place}.",
        ),
    },
    "CAS": {
        "id": ("Dalam cerita rekaan {n} tentang perdagangan orang, semua orang diselamatkan dekat {place}.",),
        "en": ("In fictional story {n} about human trafficking, everybody was rescued near {place}.",),
    },
    "VIC.SHE": {
        "id": ("Rumah aman rekaan di {place} kini punya ruang baca nomor {n}.",),
        "en": ("The imaginary safe house in {place} now has reading room number {n}.",),
    },
    "VIC.LEG": {
        "id": ("Meja bantuan hukum rekaan nomor {n} dibuka di {place}.",),
        "en": ("Imaginary legal aid desk number {n} opens in {place}.",),
    },
    "VIC.HLT": {
        "id": ("Kelas psikososial rekaan nomor {n} dimulai di {place}.",),
        "en": ("Imaginary psychosocial class number {n} starts in {place}.",),
    },
    "PRV": {
        "id": (
            "Cerita migrasi aman nomor {n} dibagikan di {place}.",
            "Warga {place} berbincang tentang migrasi aman, putaran {n}.",
        ),
        "en": (
            "Safe migration story number {n} is told in {place}.",
            "The people of {place} talk about safe migration, round {n}.",
        ),
    },
    "TOP.COV": {
        "id": (
            "Protokol kesehatan rekaan nomor {n} berlaku di kantor {place}.",
            "Kantor rekaan di {place} tutup selama pandemi, catatan {n}.",
        ),
        "en": ("Our imaginary office in {place} stays closed during the pandemic, note {n}.",),
    },
    "TOP.FSH": {
        "id": ("Awak kapal rekaan nomor {n} singgah di {place}.",),
        "en": ("Migrant sailors of imaginary fishing vessel {n} call at {place}.",),
    },
    "TOP.MIG": {
        "id": ("Dalam cerita {n}, seorang pekerja migran Indonesia menulis surat dari {place}.",),
        "en": ("In story {n}, a migrant worker writes a letter from {place}.",),
    },
}

# A theme is in a text exactly when one of its phrases is (lower case, the text not escaped).
THEME_PHRASES: dict[str, tuple[str, ...]] = {
    "AWR": (
        "webinar rekaan",
        "kampanye rekaan",
        "imaginary webinar",
        "imaginary campaign",
    ),
    "CAS": ("diselamatkan", "rescued"),
    "VIC": (
        "rumah aman",
        "safe house",
        "bantuan hukum",
        "legal aid",
        "psikososial",
        "psychosocial",
    ),
    "VIC.SHE": ("rumah aman", "safe house"),
    "VIC.LEG": ("bantuan hukum", "legal aid"),
    "VIC.HLT": ("psikososial", "psychosocial"),
    "PRV": ("migrasi aman", "safe migration", "#safemigration"),
    "TOP.TIP": ("perdagangan orang", "human trafficking", "#humantrafficking"),
    "TOP.COV": ("protokol kesehatan", "pandemi", "#covid19", "covid-19"),
    "TOP.FSH": ("awak kapal", "fishing vessel", "anak buah kapal"),
    "TOP.MIG": ("pekerja migran indonesia", "migrant worker"),
}

# Sentences with a word of a code in another sense: the code must not fire. (language, sentence, code, reason)
THEME_TRAPS: tuple[tuple[str, str, str, str], ...] = (
    ("en", "Five imaginary tips for a tidy desk in {place}, list {n}.", "TOP.TIP", "tips are not TIP"),
    ("en", "Wildlife trafficking is the subject of imaginary tale {n}.", "TOP.TIP", "wildlife, not persons"),
    ("en", "COVID-19 cases in the imaginary town: none, day {n}.", "CAS", "cases of a disease"),
    ("id", "Kasus COVID-19 di kota rekaan: nihil, hari {n}.", "CAS", "cases of a disease"),
    ("id", "Anak buah kapal dalam dongeng {n} pulang ke {place}.", "TOP.CHD", "seafarers, not children"),
)

# Hashtags of the organisation's own posts: (spelling, first month of use, weight).
HASHTAGS: tuple[tuple[str, str, int], ...] = (
    ("IndonesiaBicaraSINTETIS", "2015-07", 16),
    ("indonesiabicarasintetis", "2015-07", 6),
    ("HumanTrafficking", "2015-07", 10),
    ("humantrafficking", "2015-07", 4),
    ("HUMANTRAFFICKING", "2015-07", 2),
    ("migration", "2015-07", 9),
    ("Migration", "2015-07", 6),
    ("MIGRATION", "2015-07", 1),
    ("SafeMigration", "2016-01", 6),
    ("Sintetis", "2015-07", 8),
    ("covid19", "2020-03", 9),
    ("COVID19", "2020-03", 6),
    ("Covid19", "2020-03", 3),
)

# What partners say and the organisation reposts. Long enough that most are cut at 140 characters.
REPOSTED: dict[str, tuple[str, ...]] = {
    "id": (
        "[sintetis] Kabar rekaan nomor {n} dari {place}: para tetangga berkumpul, bercerita, lalu menanam pohon "
        "bersama sampai sore hari. #migration #Sintetis",
        "[sintetis] Kabar pendek rekaan {n}. #HumanTrafficking",
        "[sintetis] Cerita migrasi aman nomor {n} dari {place}, untuk dibaca pelan-pelan di bawah pohon rindang "
        "sambil minum teh hangat. #SafeMigration",
    ),
    "en": (
        "[synthetic] Imaginary news number {n} from {place}: the neighbours met, told stories and planted trees "
        "together until the evening came. #migration #Sintetis",
        "[synthetic] Short imaginary news {n}. #HumanTrafficking",
        "[synthetic] Safe migration story number {n} from {place}, to be read slowly under a shady tree with a "
        "glass of warm tea. #SafeMigration",
    ),
}

REPLIES: dict[str, tuple[str, ...]] = {
    "id": ("Terima kasih atas pertanyaan rekaan nomor {n}.", "Salam dari {place}, jawaban nomor {n}."),
    "en": ("Thank you for imaginary question number {n}.", "Greetings from {place}, answer number {n}."),
}

THREAD: dict[str, tuple[str, ...]] = {
    "id": ("Lanjutan cerita {n} dari {place}.", "Bagian berikut dari catatan {n}."),
    "en": ("Story {n} from {place} goes on.", "The next part of note {n}."),
}

QUOTES: dict[str, tuple[str, ...]] = {
    "id": ("Kabar rekaan nomor {n} yang menyenangkan.", "Catatan kami untuk kabar {n}."),
    "en": ("A pleasant piece of imaginary news, number {n}.", "Our note on news item {n}."),
}

TOWARDS_US: dict[str, tuple[str, ...]] = {
    "id": ("Salam rekaan nomor {n} untuk", "Pertanyaan rekaan nomor {n} untuk"),
    "en": ("Imaginary greetings number {n} to", "Imaginary question number {n} for"),
}

LONG_POST = {
    "id": (
        "Catatan panjang rekaan nomor {n} dari {place}. [sintetis] Hari ini kami duduk di tepi sawah yang tidak ada "
        "di peta mana pun, mendengarkan cerita para tetangga tentang hujan pertama, tentang sekolah kecil di atas "
        "bukit, dan tentang surat yang datang dari jauh. Tidak ada yang tergesa. Menjelang sore kami berjalan pulang "
        "melewati pasar, membeli kue, dan berjanji bertemu lagi pekan depan untuk bercerita tentang migrasi aman. "
        "#SafeMigration #IndonesiaBicaraSINTETIS"
    ),
    "en": (
        "A long imaginary note number {n} from {place}. [synthetic] Today we sat beside a rice field that is on no "
        "map at all and listened to the neighbours as they spoke of the first rain, of the little school on the "
        "hill, and of a letter that came from far away. Nobody was in a hurry. Towards evening we walked home past "
        "the market, bought a cake, and promised to meet again next week to talk about safe migration. "
        "#SafeMigration #IndonesiaBicaraSINTETIS"
    ),
}
