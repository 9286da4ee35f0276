#include "contract/regex_fault.h"

#include <doctest/doctest.h>

namespace millrace::contract {
namespace {

// "reason @ position + length" of the fault in a pattern, "" for none.
std::string FaultIn(const std::string& pattern) {
  const auto fault = FindRegexFault(pattern);
  if (!fault) return "";
  const std::string before = "the regex `" + pattern + "` cannot be used: ";
  REQUIRE(fault->message.rfind(before, 0) == 0);
  return fault->message.substr(before.size()) + " @ " + std::to_string(fault->position) + " + " +
         std::to_string(fault->length);
}

}  // namespace

TEST_CASE("a fault in a pattern is told in the pattern's own text, with its place") {
  CHECK(FaultIn("[A-Z]{2}[0-9]+") == "");
  CHECK(FaultIn("") == "");
  CHECK(FaultIn("ab[a-z") == "missing ] @ 2 + 1");
  CHECK(FaultIn("\xc3\xa4[a-z") == "missing ] @ 1 + 1");  // code points, not bytes
  CHECK(FaultIn("a(b(c)") == "missing ) @ 1 + 1");
  CHECK(FaultIn("a[(]\\((b") == "missing ) @ 6 + 1");
  CHECK(FaultIn("ab)c") == "unexpected ) @ 2 + 1");
  CHECK(FaultIn("[]()]x)") == "unexpected ) @ 6 + 1");
  CHECK(FaultIn("a)(b") == "unexpected ) @ 1 + 1");
  CHECK(FaultIn("a|*b") == "no argument for repetition operator: * @ 2 + 1");
  CHECK(FaultIn("ab**c") == "bad repetition operator: ** @ 2 + 2");
  CHECK(FaultIn("\\\\q\\q") == "invalid escape sequence: \\q @ 3 + 2");
  CHECK(FaultIn("x[z-a]") == "invalid character class range: z-a @ 2 + 3");
  CHECK(FaultIn("a{1001}") == "invalid repetition size: {1001} @ 1 + 6");
  CHECK(FaultIn("ab\\") == "trailing \\ @ 2 + 1");
  CHECK(FaultIn("a\\Qb(") == "text that \\Q begins has no end, it needs \\E @ 1 + 2");
}

}  // namespace millrace::contract
