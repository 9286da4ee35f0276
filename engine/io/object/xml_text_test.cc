#include "io/object/xml_text.h"

#include <doctest/doctest.h>

namespace millrace::io {

TEST_CASE("elements are found by their whole name, with their text unescaped") {
  const std::string xml =
      "<R><Contents><Key>a &lt;&amp;&gt; &#x65E5;&#233;&quot;&apos;</Key><Size>3</Size></Contents>"
      "<ContentsMore>no</ContentsMore><Contents a=\"b\"><Key/></Contents><Contents/></R>";
  const auto contents = XmlElements(xml, "Contents");
  REQUIRE(contents.size() == 3);
  CHECK(XmlText(contents[0], "Key") == "a <&> \xE6\x97\xA5\xC3\xA9\"'");
  CHECK(XmlText(contents[0], "Size") == "3");
  CHECK(XmlText(contents[1], "Key") == "");
  CHECK(contents[2].empty());
  CHECK(XmlText(xml, "ETag") == "");
}

TEST_CASE("what is no XML gives nothing, and never reads beyond its end") {
  for (const char* text : {"", "<", "<Key", "<Key>", "<Key>x", "<Key>x</Ke", "</Key>", "{\"a\": 1}",
                           "<Key>&</Key", "<Key/"}) {
    CHECK(XmlText(text, "Key") == "");
  }
  CHECK(XmlText("<Key>&unknown; &#xZZ; & &amp</Key>", "Key") == "&unknown; &#xZZ; & &amp");
  CHECK(XmlEscape("a<\"&>") == "a&lt;&quot;&amp;&gt;");
}

}  // namespace millrace::io
