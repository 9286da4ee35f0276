// How report.html names the report.json that it belongs to.
#pragma once

#include <string>

namespace millrace::pipeline {

/// The element in the page's head.
std::string ReportSeal(const std::string& report_sha256);

}  // namespace millrace::pipeline
