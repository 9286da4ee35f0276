#include "base/diagnostic.h"

#include <doctest/doctest.h>

namespace millrace {

TEST_CASE("a diagnostic shows file, line, column, a caret and the suggestion") {
  Diagnostic d;
  d.code = ErrorCode::kUnknownKey;
  d.message = "unknown key `paginat`";
  d.suggestion = "did you mean `paginate`?";
  d.span = {"p.yaml", 3, 5, 7};
  d.source_line = "    paginat: true";
  CHECK(RenderDiagnostic(d) ==
        "p.yaml:3:5: error MR1203: unknown key `paginat`\n"
        "  3 |     paginat: true\n"
        "    |     ^^^^^^^\n"
        "  help: did you mean `paginate`?\n");
}

TEST_CASE("only a word that is close enough is suggested") {
  CHECK(ClosestMatch("delimter", {"delimiter", "header"}) == "delimiter");
  CHECK(ClosestMatch("haeder", {"delimiter", "header"}) == "header");
  CHECK(ClosestMatch("b", {"a", "bb"}) == "bb");
  CHECK(ClosestMatch("zebra", {"delimiter", "header"}).empty());
}

}  // namespace millrace
