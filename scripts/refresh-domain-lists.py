#!/usr/bin/env python3
"""Rebuild the e-mail lists under shared/domain/data from published packages.

Usage, in an empty directory (network needed only for the first four lines):

    pip download --no-deps --no-binary :all: disposable-email-domains
    npm pack free-email-domains
    npm pack email-providers
    npm pack role-based-email-addresses
    for archive in *.tgz *.tar.gz; do mkdir "${archive%.t*gz}" && tar xzf "$archive" -C "${archive%.t*gz}"; done
    python3 /path/to/scripts/refresh-domain-lists.py . --out /path/to/shared/domain/data

The first argument is searched recursively for the packages' files, so any way of unpacking them will do.
The npm package `disposable-email-domains-js` may stand in for the PyPI one; both wrap the same CC0 list,
and if both are present they are united.

Writes sorted, newline-terminated ASCII files, one entry a line and nothing else, because the program finds
entries in them by binary search over the bytes:

    disposable-domains.txt   throw-away mailboxes
    free-domains.txt         mailboxes anybody can open, and consumer internet providers
    relay-domains.txt        forwarders: a real person behind a hidden address (by hand, below)
    role-local-parts.txt     mailboxes of a function, not of a person

Afterwards write the versions this prints into docs/third-party-data.md and run the tests of `domain`.
"""

import argparse
import json
import pathlib
import re
import sys

DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*")
LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]+")

# Forwarders that keep a real person's address hidden. Written by hand from the services' own documentation.
RELAYS = """
33mail.com
8alias.com
8shield.net
addy.io
addymail.com
aleeas.com
anonaddy.com
anonaddy.me
dralias.com
duck.com
erine.email
mozmail.com
opayq.com
passfwd.com
passinbox.com
passmail.com
passmail.net
privaterelay.appleid.com
relay.firefox.com
silomails.com
simplelogin.co
simplelogin.com
simplelogin.fr
simplelogin.io
slmail.me
slmails.com
sneakemail.com
""".split()

# Free providers the packages miss.
FREE_MISSING = """
hey.com
fastmail.uk
gmx.com
keemail.me
mailbox.org
pm.me
proton.me
protonmail.ch
skiff.com
tuta.com
tuta.io
tutamail.com
tutanota.com
tutanota.de
vodafone.de
zoho.eu
zohomail.eu
""".split()

# Entries of the free lists that are wrong for us: names reserved for documentation and tests; domains under
# which anybody registers a name of his own (the neighbour is then no mailbox of the same provider); companies
# and universities whose staff write from that domain; and misspellings of a provider, which `suggest_domain`
# must not take for a provider.
NOT_FREE = """
example.com example.net example.org test.com test.de invalid.com
au.ru dnsmadeeasy.com ddnsfree.com dyndns.org dynu.net f5.si fr.nf msk.ru net.ua pp.ua spb.ru uk2.net web.id za.com zp.ua
about.com alibaba.com amazonses.com ancestry.com aver.com bt.com cox.com discovery.com dmv.com docs.google.com
facebook.com frontier.com games.com games.net gamepass.games googlegroups.com manager.de medscape.com oath.com parrot.com
plus.google.com salesforce.com singpost.com skim.com starbucks.com tistory.com twc.com universal.pt
sakura.ne.jp uni.de unican.es upf.org uqu.me
gmailri.com outiook.com sbcglbal.net vahoo.com yaho.com gmail.ru hotmail.co yahoo.co
""".split()

# Domains the disposable list must never hold, whatever a contributor of it believes.
NEVER_DISPOSABLE = """
aol.com example.com example.net example.org fastmail.com gmail.com gmx.de googlemail.com hey.com hotmail.com
icloud.com live.com mac.com mail.ru me.com msn.com outlook.com proton.me protonmail.com qq.com t-online.de
tutanota.com web.de yahoo.com yandex.ru zoho.com
""".split()

# Local parts that the role list holds but that name people: given names, surnames and two-letter initials.
NOT_ROLE = """
alexa alla denver france gardner india paris sem sydney
bd ca cm cs gm la lt md mt pd pm ta us uk sf ny
""".split()

# Functions the role list misses, chiefly in German, French, Italian, Dutch and the Nordic languages.
ROLE_MISSING = """
accueil amministrazione anfrage anfragen angebot angebote asiakaspalvelu bewerbung bewerbungen commande
commandes datenschutz dpo dsb einkauf empfang facturation faktura gdpr geschaeftsfuehrung geschaeftsleitung
info-de inkoop kanzlei klantenservice kontor kundenservice kundendienst kundtjanst moin myynti ordre
ordine personal personalabteilung praxis rechnung rechnungen salg segreteria service-client servizioclienti
sekretariat support-de ufficio ufficioacquisti vendite verkoop vertrieb verwaltung werbung
""".split()


def find(root, pattern):
    """The files under root whose path ends like pattern, shortest path first."""
    return sorted(root.rglob(pattern), key=lambda path: (len(str(path)), str(path)))


def load_json_list(root, pattern):
    for path in find(root, pattern):
        value = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(value, list):
            return {entry.strip().lower() for entry in value}
    return set()


def package_version(root, name):
    for path in find(root, "package.json"):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if manifest.get("name") == name:
            return manifest.get("version")
    for path in find(root, "PKG-INFO"):
        text = path.read_text(encoding="utf-8")
        if re.search(rf"^Name: {re.escape(name)}$", text.replace("_", "-"), re.M):
            return re.search(r"^Version: (.+)$", text, re.M).group(1)
    return None


def load_disposable(root):
    entries = load_json_list(root, "dist/dict/disposable_email_blocklist.json")
    for path in find(root, "disposable_email_blocklist.conf"):
        entries |= {line.strip().lower() for line in path.read_text(encoding="utf-8").splitlines()}
        break
    return entries


def load_roles(root):
    for path in find(root, "src/index.js"):
        text = path.read_text(encoding="utf-8")
        if "const MARKETING = [" in text:
            return {entry.lower() for entry in re.findall(r"^\s+'([^']+)',$", text, re.M)}
    return set()


def checked(name, entries, pattern, at_least):
    """Drops what is no entry at all, and stops when a package has changed its form and yields too little."""
    good = {entry for entry in entries if pattern.fullmatch(entry)}
    odd = len(entries) - len(good - {""}) - (1 if "" in entries else 0)
    if odd:
        print(f"{name}: dropped {odd} entries that are not of the expected form")
    if len(good) < at_least:
        sys.exit(f"{name}: only {len(good)} entries found, expected at least {at_least}; is the package unpacked here?")
    return good


def write(folder, name, entries):
    lines = sorted(entries)  # ASCII only, so the order of code points is the order of bytes
    (folder / name).write_text("".join(line + "\n" for line in lines), encoding="ascii")
    print(f"{name}: {len(lines)} entries")


def main():
    parser = argparse.ArgumentParser(description="Rebuild the e-mail lists of the crate `domain`.")
    parser.add_argument("packages", type=pathlib.Path, help="directory holding the unpacked packages")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the directory shared/domain/data")
    arguments = parser.parse_args()
    root = arguments.packages

    relays = set(RELAYS)
    disposable = checked("disposable", load_disposable(root), DOMAIN, 5_000) - relays - set(NEVER_DISPOSABLE)
    kikobeats = checked("free-email-domains", load_json_list(root, "free-email-domains*/package/domains.json"), DOMAIN, 5_000)
    common = checked("email-providers", load_json_list(root, "email-providers*/package/common.json"), DOMAIN, 200)
    free = ((kikobeats | common | set(FREE_MISSING)) - disposable - relays) - set(NOT_FREE)
    roles = (checked("roles", load_roles(root), LOCAL_PART, 500) | set(ROLE_MISSING)) - set(NOT_ROLE)

    arguments.out.mkdir(parents=True, exist_ok=True)
    write(arguments.out, "disposable-domains.txt", disposable)
    write(arguments.out, "free-domains.txt", free)
    write(arguments.out, "relay-domains.txt", relays)
    write(arguments.out, "role-local-parts.txt", roles)

    for name in (
        "disposable-email-domains",
        "disposable-email-domains-js",
        "free-email-domains",
        "email-providers",
        "role-based-email-addresses",
    ):
        print(f"{name} {package_version(root, name) or 'not present'}")


if __name__ == "__main__":
    main()
