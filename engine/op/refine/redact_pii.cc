// redact_pii: what looks like personal data, replaced by tags or pseudonyms.
#include <algorithm>

#include "base/hmac.h"
#include "contract/model/pii.h"
#include "op/operator_list.h"
#include "op/refine/text_refiner.h"

namespace millrace::op {
namespace {

using contract::PiiKinds;
using contract::PiiSpan;

// Of a pseudonym: letters for so many hex digits of its hash.
constexpr size_t kPseudonymLetters = 16;

const char* TagOf(PiiKinds kind) {
  switch (kind) {
    case contract::kPiiEmail:
      return "EMAIL";
    case contract::kPiiPhone:
      return "PHONE";
    case contract::kPiiIban:
      return "IBAN";
    case contract::kPiiCard:
      return "CARD";
    default:
      return "IP";
  }
}

// Separators and case do not make another address or number of it.
std::string Canonical(PiiKinds kind, std::string_view text) {
  std::string canonical;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    const bool upper = c >= 'A' && c <= 'Z';
    if (kind == contract::kPiiPhone || kind == contract::kPiiCard) {
      if (digit || c == '+') canonical += c;
    } else if (c != ' ') {
      canonical += upper && kind != contract::kPiiIban ? static_cast<char>(c | 0x20) : c;
    }
  }
  return canonical;
}

class RedactRefiner : public TextRefiner {
 public:
  RedactRefiner(const std::shared_ptr<arrow::Schema>& columns, int column, PiiKinds kinds,
                bool pseudonyms, std::string key)
      : TextRefiner(columns, column),
        kinds_(kinds),
        pseudonyms_(pseudonyms),
        key_(std::move(key)) {}

  std::string Identity() const override {
    return pseudonyms_ ? HmacSha256Hex(key_, "millrace pseudonym key") : "";
  }

 private:
  bool Rewrite(std::string_view text, std::string* out) const override {
    std::vector<PiiSpan> spans;
    contract::FindPiiSpans(text, kinds_, &spans);
    size_t copied = 0;
    for (const PiiSpan& span : spans) {
      if (!span.is_public) continue;
      out->append(text, copied, span.begin - copied);
      AppendInstead(span.kind, text.substr(span.begin, span.end - span.begin), out);
      copied = span.end;
    }
    if (copied == 0) return false;
    out->append(text, copied);
    return true;
  }

  void AppendInstead(PiiKinds kind, std::string_view found, std::string* out) const {
    const std::string tag = TagOf(kind);
    *out += '<' + tag;
    if (pseudonyms_) {
      *out += '_';
      // Letters alone: digits might be taken for personal data in their turn.
      const std::string hash = HmacSha256Hex(key_, tag + ' ' + Canonical(kind, found));
      for (size_t i = 0; i < kPseudonymLetters; ++i) {
        const char digit = hash[i];
        *out += static_cast<char>(digit <= '9' ? 'a' + (digit - '0') : 'k' + (digit - 'a'));
      }
    }
    *out += '>';
  }

  PiiKinds kinds_;
  bool pseudonyms_;
  std::string key_;  // a secret
};

PiiKinds KindsOf(const Request& request) {
  const ConfigValue* kinds = request.parameters().Find("kinds");
  if (kinds == nullptr) return contract::kAllPii;
  PiiKinds wanted = 0;
  const std::vector<std::string>& names = contract::PiiNames();
  for (const ConfigValue& item : kinds->items) {
    if (item.kind != ConfigValue::Kind::kText) continue;
    const auto found = std::find(names.begin(), names.end(), item.text);
    if (found != names.end()) {
      wanted |= 1u << (found - names.begin());
      continue;
    }
    std::string suggestion = DidYouMean(item.text, names);
    if (suggestion.empty()) {
      for (const std::string& name : names) {
        suggestion += (suggestion.empty() ? "the kinds are `" : ", `") + name + '`';
      }
    }
    request.Report(item, ErrorCode::kBadValue,
                   '`' + item.text + "` is no kind of personal data that is looked for",
                   suggestion);
  }
  return wanted;
}

std::shared_ptr<const Operator> Make(const Request& request) {
  const int column = request.TextColumn("field");
  const PiiKinds kinds = KindsOf(request);
  const bool pseudonyms = request.parameters().Text("mode") == "pseudonym";
  const bool has_key = request.parameters().IsWritten("key");
  std::string key;
  if (pseudonyms && !has_key) {
    request.Report("mode", ErrorCode::kBadValue, "`mode: pseudonym` needs a `key`",
                   "without a key anybody could try values out; add `key: ${env:NAME}`");
  } else if (!pseudonyms && has_key) {
    request.Report("key", ErrorCode::kBadValue, "`key` has no effect without `mode: pseudonym`");
  } else if (pseudonyms) {
    key = request.SecretOf("key");
  }
  if (!request.ready()) return nullptr;
  return std::make_shared<RedactRefiner>(request.columns(), column, kinds, pseudonyms,
                                         std::move(key));
}

}  // namespace

OperatorType RedactPii() {
  OperatorType type;
  type.name = "redact_pii";
  type.kind = Kind::kRefiner;
  type.doc =
      "Replaces what looks like personal data in a text: e-mail addresses, phone numbers, public "
      "IP "
      "addresses, IBANs and payment cards. By shape and check digits alone (docs/model_contract.md "
      "has the rules): names, postal addresses and national ids stay, and so does what is written "
      "in another way.";
  type.columns_doc = "the text column that it is told to change";
  type.example = "{id: pii, type: redact_pii, field: text, kinds: [email, phone]}";
  type.parameters = {
      {.key = "field",
       .type = FieldType::kText,
       .doc = "The text column to change.",
       .required = true},
      {.key = "kinds",
       .type = FieldType::kTexts,
       .doc = "Of `email`, `phone`, `ipv4`, `ipv6`, `iban` and `card`; all of them if absent. "
              "Addresses of private, local and documentation ranges are left as they are.",
       .min = 1,
       .allow_single = true},
      {.key = "mode",
       .type = FieldType::kChoice,
       .doc =
           "`tag` puts `<EMAIL>`, `<PHONE>`, `<IP>`, `<IBAN>` or `<CARD>`. `pseudonym` puts "
           "`<EMAIL_kbdmpfacnloehgij>`: 16 letters of a keyed hash (HMAC-SHA256), the same for the "
           "same address or number in any spelling of case and separators.",
       .fallback = "tag",
       .choices = {"tag", "pseudonym"}},
      {.key = "key",
       .type = FieldType::kText,
       .doc = "The key of pseudonyms, a reference such as `${env:NAME}`. Whoever has it can try "
              "values out; with another key all pseudonyms are others.",
       .secret = true}};
  type.make = Make;
  type.source =
      "check digits: ISO/IEC 7812-1 (Luhn) for cards, ISO 13616 with ISO 7064 MOD 97-10 for IBANs; "
      "IP ranges: IANA's special-purpose address registries";
  return type;
}

}  // namespace millrace::op
