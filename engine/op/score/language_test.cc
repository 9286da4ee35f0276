#include <doctest/doctest.h>

#include "op/testing/operators.h"

namespace millrace::op {
namespace {

using testing::Apply;
using testing::MakeChain;
using testing::Rows;
using testing::TextArray;
using testing::Texts;
using testing::Values;
using Strings = std::vector<std::string>;

std::shared_ptr<arrow::RecordBatch> Told(const Texts& texts, const std::string& bytes = "64KiB") {
  const auto rows = Rows({{"t", TextArray(texts)}});
  const auto chain =
      MakeChain(rows->schema(), {{"language", "lang", {{"field", "t"}, {"bytes_max", bytes}}}})
          .ValueOrDie();
  return Apply(*chain, rows).rows;
}

const char* const kEnglish =
    "All human beings are born free and equal in dignity and rights. They are endowed with reason "
    "and conscience and should act towards one another in a spirit of brotherhood. ";
const char* const kGerman =
    "Alle Menschen sind frei und gleich an W\u00FCrde und Rechten geboren. Sie sind mit Vernunft "
    "und Gewissen begabt und sollen einander im Geist der Br\u00FCderlichkeit begegnen. ";

TEST_CASE("language tells languages apart") {
  const auto told = Told({kEnglish, kGerman, std::nullopt, "", "12345 !!! 67",
                          "\u0412\u0441\u0435 \u043B\u044E\u0434\u0438 \u0440\u043E\u0436\u0434"
                          "\u0430\u044E\u0442\u0441\u044F \u0441\u0432\u043E\u0431\u043E\u0434"
                          "\u043D\u044B\u043C\u0438 \u0438 \u0440\u0430\u0432\u043D\u044B\u043C"
                          "\u0438 \u0432 \u0441\u0432\u043E\u0435\u043C \u0434\u043E\u0441\u0442"
                          "\u043E\u0438\u043D\u0441\u0442\u0432\u0435",
                          "\u05DB\u05DC \u05D1\u05E0\u05D9 \u05D4\u05D0\u05D3\u05DD \u05E0\u05D5"
                          "\u05DC\u05D3\u05D5 \u05D1\u05E0\u05D9 \u05D7\u05D5\u05E8\u05D9\u05DF "
                          "\u05D5\u05E9\u05D5\u05D5\u05D9\u05DD \u05D1\u05E2\u05E8\u05DB\u05DD"});
  CHECK(Values(*told, "lang_label") ==
        Strings{"\"en\"", "\"de\"", "null", "\"und\"", "\"und\"", "\"ru\"", "\"he\""});
  const auto& scores = static_cast<const arrow::DoubleArray&>(*told->GetColumnByName("lang_score"));
  CHECK(scores.Value(0) > 0.9);
  CHECK(scores.Value(1) > 0.9);
  CHECK(scores.IsNull(2));
  CHECK(scores.Value(3) == 0);
}

TEST_CASE("only the beginning of a text is looked at, in whole characters") {
  std::string text;
  while (text.size() < 1000) text += kEnglish;
  while (text.size() < 100000) text += kGerman;
  CHECK(Values(*Told({text}, "1000B"), "lang_label") == Strings{"\"en\""});
  CHECK(Values(*Told({text}), "lang_label") == Strings{"\"de\""});
  std::string han = "x";
  while (han.size() < 200) han += "\u4E2D\u6587\u6587\u7AE0";
  for (int bytes = 64; bytes < 70; ++bytes) {
    CHECK(Values(*Told({han}, std::to_string(bytes)), "lang_label")[0].substr(0, 3) == "\"zh");
  }
}

TEST_CASE("any text can be looked at") {
  for (const char* piece : {"\x01\x7F", "\uFFFE", "\U0010FFFF", "&amp;<", "\u0300", "a", "\u200D",
                            "\U00020000 ", "<script>", "\xC2\x80"}) {
    std::string text;
    while (text.size() < (1 << 17)) text += piece;
    CAPTURE(std::string(piece));
    CHECK(Told({text}, "1MiB")->num_rows() == 1);
  }
}

}  // namespace
}  // namespace millrace::op
