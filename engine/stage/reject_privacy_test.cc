#include "stage/reject_privacy.h"

#include <doctest/doctest.h>

namespace millrace::stage {

TEST_CASE("the keyed hash is HMAC-SHA256: the vectors of RFC 4231") {
  const std::string of = "hmac-sha256:";
  CHECK(KeyedHash(std::string(20, '\x0b'), "Hi There") ==
        of + "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(KeyedHash("Jefe", "what do ya want for nothing?") ==
        of + "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(KeyedHash(std::string(131, '\xaa'),
                  "Test Using Larger Than Block-Size Key - Hash Key First") ==
        of + "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("raw records, values of sensitive columns and values of no column are covered") {
  Reject reject;
  reject.column = "email";
  reject.raw = "1,s3cret";
  Reject other = reject;
  other.column = "n";
  other.value = "x";
  Reject whole = reject;
  whole.column = "";
  whole.value = "s3cret";
  const RejectPrivacy keep{}, hash{SensitiveRejects::kHash, "k"}, drop{SensitiveRejects::kDrop, ""};
  CHECK(CoverSensitive(keep, reject, "s3cret").raw == "1,s3cret");
  CHECK(CoverSensitive(keep, reject, "s3cret").value == "");
  CHECK(CoverSensitive(hash, reject, "s3cret").raw == KeyedHash("k", "1,s3cret"));
  CHECK(CoverSensitive(hash, reject, "s3cret").value == KeyedHash("k", "s3cret"));
  CHECK(CoverSensitive(hash, reject, "").value == "");
  CHECK(CoverSensitive(hash, other, "").value == "x");
  CHECK(CoverSensitive(hash, whole, "").value == KeyedHash("k", "s3cret"));
  CHECK(CoverSensitive(drop, reject, "s3cret").raw == "");
  CHECK(CoverSensitive(drop, reject, "s3cret").value == "");
  CHECK(CoverSensitive(drop, other, "").value == "x");
  CHECK(CoverSensitive(drop, whole, "").value == "");
}

TEST_CASE("the identity tells settings and keys apart, and is nothing where nothing changes") {
  CHECK(PrivacyIdentity({}) == "");
  const std::string a = PrivacyIdentity({SensitiveRejects::kHash, "a"});
  CHECK(a != PrivacyIdentity({SensitiveRejects::kHash, "b"}));
  CHECK(a != PrivacyIdentity({SensitiveRejects::kDrop, ""}));
}

}  // namespace millrace::stage
