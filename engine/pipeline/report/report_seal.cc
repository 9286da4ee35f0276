#include "pipeline/report/report_seal.h"

#include <string_view>

#include "base/sha256.h"
#include "pipeline/report/report.h"

namespace millrace::pipeline {
namespace {

// Before it in a report there are names only, whose quotes are escaped: the first one is the
// member.
constexpr std::string_view kCardMember = "\"card_sha256\": \"";
constexpr size_t kHashDigits = 64;

}  // namespace

std::string ReportSeal(const std::string& report_sha256) {
  return "<meta name=\"millrace-report\" content=\"" + report_sha256 + "\">";
}

// The page has the hash of a report that names no page yet, so that each can hold the other's.
ReportTexts TextsOf(const Report& report) {
  ReportTexts texts;
  texts.json = ReportToJson(report, "");
  texts.html = ReportToHtml(report, Sha256Hex(texts.json));
  texts.json.insert(texts.json.find(kCardMember) + kCardMember.size(), Sha256Hex(texts.html));
  return texts;
}

bool BelongTogether(const ReportTexts& texts) {
  const size_t member = texts.json.find(kCardMember);
  if (member == std::string::npos) return false;
  const size_t digits = member + kCardMember.size();
  if (texts.json.compare(digits, kHashDigits, Sha256Hex(texts.html)) != 0) return false;
  std::string unnamed = texts.json;
  unnamed.erase(digits, kHashDigits);
  return texts.html.find(ReportSeal(Sha256Hex(unnamed))) != std::string::npos;
}

}  // namespace millrace::pipeline
