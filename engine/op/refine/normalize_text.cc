// normalize_text: one way to write the same characters, and none that nobody sees.
#include "op/operator_list.h"
#include "op/refine/text_refiner.h"
#include "op/text/code_points.h"
#include "op/text/mojibake.h"
#include "op/text/normal_form.h"

namespace millrace::op {
namespace {

enum class WhiteSpace { kKeep, kTrim, kLines, kCollapse };

struct Options {
  bool repairs_mojibake = false;
  bool drops_control = true;
  std::optional<NormalForm> form;
  WhiteSpace white_space = WhiteSpace::kKeep;
};

bool IsDroppedByte(unsigned char byte) {
  return (byte < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7F;
}

bool AnyDroppedByte(std::string_view text) {
  unsigned char any = 0;
  for (const char c : text)
    any |= static_cast<unsigned char>(IsDroppedByte(static_cast<unsigned char>(c)));
  return any != 0;
}

// Carriage returns end lines as line feeds do; other control characters and byte order marks go.
bool AppendWithoutControl(std::string_view text, std::string* out) {
  size_t copied = 0;
  const auto drop = [&](size_t at, size_t bytes, std::string_view instead) {
    out->append(text, copied, at - copied);
    out->append(instead);
    copied = at + bytes;
  };
  for (size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) {
      if (!IsDroppedByte(byte)) continue;
      const bool ends_line = byte == '\r' && (at + 1 == text.size() || text[at + 1] != '\n');
      drop(at, 1, ends_line ? "\n" : "");
    } else if (byte == 0xC2 && static_cast<unsigned char>(text[at + 1]) < 0xA0) {
      drop(at, 2, "");
    } else if (byte == 0xEF && text.compare(at, 3, "\xEF\xBB\xBF") == 0) {
      drop(at, 3, "");
    }
  }
  if (copied == 0) return false;
  out->append(text, copied);
  return true;
}

size_t SpaceAt(std::string_view text, size_t at) {
  size_t end = at;
  return IsSpace(NextCodePoint(text, &end)) ? end - at : 0;
}

std::string_view Trimmed(std::string_view text) {
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t space = SpaceAt(text, begin);
    if (space == 0) break;
    begin += space;
  }
  size_t end = text.size();
  while (end > begin) {
    size_t last = end - 1;
    while ((static_cast<unsigned char>(text[last]) & 0xC0u) == 0x80u) --last;
    if (SpaceAt(text, last) == 0) break;
    end = last;
  }
  return text.substr(begin, end - begin);
}

// Each run of white space becomes one blank, or one or two line feeds where it holds so many.
void AppendCollapsed(std::string_view text, bool keeps_lines, std::string* out) {
  int feeds = 0;
  bool in_space = false;
  for (size_t at = 0; at < text.size();) {
    const size_t space = SpaceAt(text, at);
    if (space > 0) {
      in_space = true;
      feeds += text[at] == '\n';
      at += space;
      continue;
    }
    if (in_space) {
      if (!keeps_lines || feeds == 0) {
        out->push_back(' ');
      } else {
        out->append(feeds == 1 ? "\n" : "\n\n");
      }
      in_space = false;
      feeds = 0;
    }
    const size_t begin = at;
    do {
      NextCodePoint(text, &at);
    } while (at < text.size() && SpaceAt(text, at) == 0);
    out->append(text, begin, at - begin);
  }
}

class NormalizeRefiner : public TextRefiner {
 public:
  NormalizeRefiner(const std::shared_ptr<arrow::Schema>& columns, int column, Options options)
      : TextRefiner(columns, column), options_(options) {}

 private:
  bool AllStay(std::string_view bytes) const override {
    return options_.white_space == WhiteSpace::kKeep && IsAscii(bytes) &&
           !(options_.drops_control && AnyDroppedByte(bytes));
  }

  bool Rewrite(std::string_view text, std::string* out) const override {
    const bool ascii = IsAscii(text);
    std::string first, second;
    std::string_view now = text;
    // Into whichever of the two `now` does not lie in.
    const auto step = [&](auto&& append) {
      std::string& next = now.data() == first.data() ? second : first;
      next.clear();
      if (append(&next)) now = next;
    };
    if (options_.repairs_mojibake && !ascii) {
      step([&](std::string* next) { return AppendMojibakeRepaired(now, next); });
    }
    if (options_.drops_control && (!ascii || AnyDroppedByte(now))) {
      step([&](std::string* next) { return AppendWithoutControl(now, next); });
    }
    if (options_.form && !ascii) {
      step([&](std::string* next) { return AppendNormalized(now, *options_.form, next); });
    }
    if (options_.white_space != WhiteSpace::kKeep) now = Trimmed(now);
    if (options_.white_space > WhiteSpace::kTrim) {
      AppendCollapsed(now, options_.white_space == WhiteSpace::kLines, out);
      return true;
    }
    if (now.data() == text.data() && now.size() == text.size()) return false;
    out->append(now);
    return true;
  }

  Options options_;
};

std::shared_ptr<const Operator> Make(const Request& request) {
  const int column = request.TextColumn("field");
  if (!request.ready()) return nullptr;
  const ConfigValue& parameters = request.parameters();
  Options options;
  options.repairs_mojibake = parameters.Text("mojibake") == "repair";
  options.drops_control = parameters.Text("control") == "drop";
  const std::string form = parameters.Text("form");
  if (form != "none") options.form = form == "nfc" ? NormalForm::kNfc : NormalForm::kNfkc;
  const std::string space = parameters.Text("whitespace");
  options.white_space = space == "trim"       ? WhiteSpace::kTrim
                        : space == "lines"    ? WhiteSpace::kLines
                        : space == "collapse" ? WhiteSpace::kCollapse
                                              : WhiteSpace::kKeep;
  return std::make_shared<NormalizeRefiner>(request.columns(), column, options);
}

}  // namespace

OperatorType NormalizeText() {
  OperatorType type;
  type.name = "normalize_text";
  type.kind = Kind::kRefiner;
  type.doc =
      "Writes a text in one way: Unicode's normal form, no control characters, tidy white space. "
      "In this order: mojibake, control characters, normal form, white space.";
  type.columns_doc = "the text column that it is told to change";
  type.example = "{id: tidy, type: normalize_text, field: text, form: nfc}";
  type.parameters = {
      {.key = "field",
       .type = FieldType::kText,
       .doc = "The text column to change.",
       .required = true},
      {.key = "form",
       .type = FieldType::kChoice,
       .doc = "Unicode's normal form (UAX 15). `nfc` changes nothing that one can see; `nfkc` also "
              "replaces ligatures, full-width letters, superscripts and the like by plain ones.",
       .fallback = "nfc",
       .choices = {"none", "nfc", "nfkc"}},
      {.key = "whitespace",
       .type = FieldType::kChoice,
       .doc =
           "`trim` removes it from both ends. `lines` also makes one blank of each run within a "
           "line and leaves at most one empty line between others. `collapse` makes one blank of "
           "each run, line ends included.",
       .fallback = "keep",
       .choices = {"keep", "trim", "lines", "collapse"}},
      {.key = "control",
       .type = FieldType::kChoice,
       .doc = "`drop` removes control characters but tab and line feed, and byte order marks; a "
              "carriage return with or without a line feed becomes a line feed.",
       .fallback = "drop",
       .choices = {"keep", "drop"}},
      {.key = "mojibake",
       .type = FieldType::kChoice,
       .doc =
           "`repair` undoes UTF-8 that was read as cp1252 (`cafÃ©` becomes `café`), on lines where "
           "all characters beyond ASCII are such readings; others are left alone.",
       .fallback = "keep",
       .choices = {"keep", "repair"}}};
  type.make = Make;
  type.source =
      "The Unicode Consortium, Unicode Normalization Forms, Unicode Standard Annex 15; character "
      "data of utf8proc 2.8 (Unicode 15.0)";
  return type;
}

}  // namespace millrace::op
