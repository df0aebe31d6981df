#!/usr/bin/env bash
# The command line as people meet it, without a gateway: init, roster, help, mistakes.
#   tools/trefoil/cli_test.sh PATH-TO-trefoil
set -uo pipefail
trefoil=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
unset TREFOIL_KEYRING TREFOIL_GATEWAY TREFOIL_CONFIG
failures=0

# expect CODE PATTERN -- ARGUMENTS…: exit code, and an extended regular expression over what it prints
expect() {
    local code=$1 pattern=$2 text actual
    shift 3
    text=$("$trefoil" "$@" 2>&1 </dev/null)
    actual=$?
    if [ "$actual" != "$code" ] || ! grep -qE -- "$pattern" <<<"$text"; then
        printf 'FAIL  trefoil %s\n  expected %s and /%s/, got %s and:\n%s\n' "$*" "$code" "$pattern" "$actual" "$text"
        failures=$((failures + 1))
    fi
}
check() { # WHAT, COMMAND…
    local what=$1
    shift
    "$@" >/dev/null 2>&1 || { echo "FAIL  $what"; failures=$((failures + 1)); }
}

# init
expect 2 "is no name of a service; allowed:" -- init run --services 'Bad Name'
expect 2 "is no account; allowed: NETWORK/ACCOUNT-ID" -- init run --services whatsapp=106
expect 2 "account whatsapp/1 is given twice" -- init run --services a=whatsapp/1,b=whatsapp/1
expect 2 "echo-bot is named twice" -- init run --services echo-bot,echo-bot
expect 2 "gateway is always made" -- init run --services gateway
expect 2 "missing behind the last comma" -- init run --services echo-bot,
expect 2 "--retention 14; allowed" -- init run --retention 14
expect 2 "is no name of a channel" -- init run --channel 'a b'
check "nothing is made by a wrong command line" test ! -e run
expect 1 "cannot make the folder no/such/run: No such file" -- init no/such/run
expect 0 "roster version 1 .channel main, retention 14d" -- init run \
    --services whatsapp=whatsapp/106540000000002,whatsapp=whatsapp/106540000000007,messenger=messenger/1,echo-bot
for file in root.key keys/gateway.keyring keys/admin.keyring keys/whatsapp.keyring keys/echo-bot.keyring; do
    check "run/$file is its owner's alone" test "$(stat -c %a "run/$file")" = 600
done
check "root.pub is 64 hex digits" grep -qxE '[0-9a-f]{64}' run/root.pub
before=$(cat run/root.pub run/trust.bundle run/keys/* | sha256sum)
expect 1 "is there already: a tenant lives in run" -- init run
check "a second init changes nothing" test "$before" = "$(cat run/root.pub run/trust.bundle run/keys/* | sha256sum)"

# wrap keys
expect 0 "generation 1 +from" -- keys show run/keys/echo-bot.keyring
expect 0 "echo-bot: generation 2, .*; in run/trust.bundle" -- keys renew run/keys/echo-bot.keyring run/keys/gateway.keyring
expect 0 "generation 2 .*.not yet" -- keys show run/keys/echo-bot.keyring
expect 0 "echo-bot +generation 2" -- roster show --dir run
expect 0 "whatsapp: good until" -- keys renew --due 10d run/keys/whatsapp.keyring
expect 0 "whatsapp +generation 1" -- roster show --dir run
expect 2 "--after soon; allowed" -- keys renew --after soon run/keys/whatsapp.keyring
expect 2 "--after 5m; allowed: 0s, or" -- keys renew --after 5m run/keys/whatsapp.keyring
expect 1 "is no keyring" -- keys show run/root.key
check "a renewed keyring is its owner's alone" test "$(stat -c %a run/keys/echo-bot.keyring)" = 600
cp -p run/keys/echo-bot.keyring alone.keyring
expect 0 "no bundle at ../trust.bundle" -- keys renew alone.keyring

# roster
expect 0 "whatsapp +translator, addresses +whatsapp/106540000000002, whatsapp/106540000000007" -- roster show
expect 0 '^\{"version":1,.*"services":\[.*"channels":\[.*\]\}$' -- roster show --json
expect 0 "version 1" -- roster show --dir run --keyring /nowhere
expect 1 "there is no tenant in other" -- roster show --dir other
expect 0 "Roster version 2 is signed" -- roster add crm --role service,addresses
expect 0 "crm +service, addresses" -- roster show
expect 1 "crm is in the roster already" -- roster add crm
expect 1 "account messenger/1 is owned by messenger already" -- roster add m2 --accounts messenger/1
check "a refused newcomer has no keys" test ! -e run/keys/m2.keyring
expect 2 "a translator owns accounts" -- roster add m2 --role translator
expect 2 "is no role; allowed: translator, service" -- roster add m2 --role boss
expect 0 "Roster version 3 is signed" -- roster add telegram --accounts telegram/1,telegram/2
expect 0 "Roster version 4 is signed" -- roster remove echo-bot
expect 1 "echo-bot is not in the roster" -- roster remove echo-bot
expect 1 "is the gateway" -- roster remove gateway
expect 0 "Roster version 5 is signed" -- roster sign --valid 30d
if "$trefoil" roster show | grep -q echo-bot; then echo "FAIL  echo-bot is still shown"; failures=$((failures + 1)); fi

# keys of one tenant stay with it
expect 0 "roster version 1" -- init second --services echo-bot
expect 1 "admin.keyring is of another tenant than second; name a keyring" -- \
    roster add crm --role addresses --dir second --keyring run/keys/admin.keyring
check "a refused newcomer of the second tenant has no keys" test ! -e second/keys/crm.keyring
expect 0 "Roster version 2 is signed" -- roster add crm --role addresses --dir second

# many keyrings, one of them bad
expect 1 "echo-bot is not in the roster" -- keys renew run/keys/whatsapp.keyring run/keys/echo-bot.keyring run/keys/crm.keyring
expect 0 "whatsapp +generation 2" -- roster show
expect 0 "crm +generation 2" -- roster show
expect 1 "^crm" -- keys show nowhere.keyring run/keys/crm.keyring

# the root's key
chmod 644 run/root.key
expect 1 "root.key can be read by others" -- roster sign
rm run/root.key
expect 1 "bring the root's key" -- roster sign
expect 1 "bring the root's key" -- roster add late
check "who is in no roster has no keys either" test ! -e run/keys/late.keyring
expect 0 "roster version 5" -- roster show
printf 'x' | dd of=run/trust.bundle bs=1 seek=40 conv=notrunc 2>/dev/null
expect 1 "holds no roster signed by the root" -- roster show

# the bus, with nobody there
expect 1 "there is no keyring missing.keyring.*trefoil init" -- audit --keyring missing.keyring
expect 2 "is no envelope id; allowed: 32 hex digits" -- trace 12
expect 2 "is no address; allowed: NETWORK/ACCOUNT-ID/USER-ID" -- room join Trefoil 4711
expect 2 "is no id of a dead letter" -- dead show seven
expect 2 "say which: an ID, or --all" -- dead retry
expect 2 "--from .yesterday.; allowed" -- tail --from yesterday
expect 2 "--reply-to .x.; allowed" -- send Trefoil hello --reply-to x
expect 2 "say what: TEXT, or --json FILE" -- send Trefoil
expect 2 "say what: TEXT, or --json FILE" -- send Trefoil hello --json x.json
expect 2 "--lane .slow.; allowed: reply, bulk" -- send Trefoil hello --lane slow
expect 2 "--purpose .fun.; allowed" -- send Trefoil hello --purpose fun
expect 1 "cannot read nowhere.json: No such file" -- send Trefoil --json nowhere.json
printf '{"text":{"bdy":"hello"}}' >odd.json
expect 1 "odd.json: text: unknown member 'bdy'; did you mean 'body'" -- send Trefoil --json odd.json
expect 1 "stdin: no JSON" -- send Trefoil --json -
expect 2 "one of --json and --markdown" -- capabilities --json --markdown
chmod 644 run/keys/admin.keyring
expect 1 "chmod 600" -- audit
chmod 600 run/keys/admin.keyring
expect 1 "is no endpoint; allowed: tcp://HOST:PORT" -- audit --gateway nonsense
expect 1 "no gateway at tcp://127.0.0.1:1 within 5 s" -- audit --gateway tcp://127.0.0.1:1

# help, mistakes, settings
expect 0 "usage: trefoil COMMAND" -- --help
expect 2 "usage: trefoil COMMAND" --
expect 0 "usage: trefoil room join ROOM ADDRESS" -- room join --help
expect 2 "did you mean roster show" -- roster shwo
expect 2 "did you mean --retention" -- init x --retntion 1d
printf 'gateway: tcp://127.0.0.1:1\nkeyrng: x\n' >trefoil.yaml
expect 1 "^trefoil: trefoil.yaml:2: keyrng: is no key known here; did you mean keyring" -- audit --config trefoil.yaml
expect 1 "cannot read the configuration: No such file" -- audit --config nowhere.yaml
"$trefoil" --help >/dev/full 2>/dev/null
check "a full disk under stdout is noticed" test $? = 1

[ "$failures" -eq 0 ] && echo "all as expected"
exit "$((failures > 0))"
