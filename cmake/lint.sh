#!/usr/bin/env bash
# House rules that a compiler does not know. Prints every breach as file:line: rule; exits 1 when there is one.
set -u
cd "$(dirname "$0")/.." || exit 2
sources=$(git ls-files '*.c' '*.h')
breaches=0

refuse() { # rule, lines
    [ -n "$2" ] || return 0
    while IFS= read -r line; do
        printf '%s: %s\n' "$line" "$1"
        breaches=$((breaches + 1))
    done <<<"$2"
}
code() { grep -nE "$1" $sources | grep -vE '^[^:]*:[0-9]+: *(\*|/\*|//)'; }

refuse "use bounded, checked functions" \
    "$(code '[^a-zA-Z_](strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atof|alloca|strncpy|strncat)\(')"
refuse "only main.c may end a process" \
    "$(code '[^a-zA-Z_.>](exit|_exit|abort)\(' | grep -vE '(^|/)(main|[a-z_]*_test|replay)\.c:|^tests/')"
refuse "headers are reached through doors, not upwards" "$(code '#include "\.\./')"
refuse "finish it, or file it" "$(grep -nE '\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b' $sources)"
refuse "rand() is neither random nor reproducible" "$(code '[^a-zA-Z_](rand|srand|random)\(\)')"
refuse "a test may not sleep" "$(grep -nE '[^a-z_](sleep|usleep)\(' $(git ls-files '*_test.c'))"
refuse "a variable-length array would be sized by somebody else" "$(code '__builtin_alloca')"

for file in $sources; do
    lines=$(wc -l <"$file")
    [ "$lines" -le 600 ] || refuse "$lines lines; does it still fit one sentence? (600)" "$file:1"
    head -n 1 "$file" | grep -qE '^/\*' || refuse "says not in its first line what it is" "$file:1"
    case $(basename "$file") in
    *manager* | *helper* | *util* | *common* | *misc* | info.* | data.*) refuse "banned word in a file name" "$file:1" ;;
    esac
done

refuse "README shows another subscriber than libtrefoil/examples/reader.c" "$(
    diff -q <(sed 1d libtrefoil/examples/reader.c) <(awk '/^```c$/ { on = 1; next } /^```/ { on = 0 } on' README.md) >/dev/null || echo README.md:1)"

refuse "every story has its test" "$(tests/stories)"

# functions longer than a screen
refuse "function longer than 60 lines" "$(awk '
    FNR == 1 { start = 0 }
    /^\{/ { start = FNR }
    /^\}/ { if (start && FNR - start > 62) printf "%s:%d\n", FILENAME, start; start = 0 }' $(git ls-files '*.c'))"

refuse "a place on somebody'\''s machine" \
    "$(git grep -nIE '(^|[^[:alnum:]_.$}])/(wor[k]|far[m]|home/[a-z]+)/|/roo[t]/' -- . ':!cmake/lint.sh' | cut -d: -f1,2)"

if [ "$breaches" -gt 0 ]; then
    echo "house lint: $breaches breaches"
    exit 1
fi
echo "house lint: clean ($(wc -w <<<"$sources") files)"
