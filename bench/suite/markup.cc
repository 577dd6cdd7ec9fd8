/* SPDX-License-Identifier: BSD-2-Clause */
#include "markup.hh"

#include <cstdarg>
#include <cstdio>

std::string html_escaped(const std::string &text)
{
	std::string out;

	for (char c : text) {
		if (c == '&')
			out += "&amp;";
		else if (c == '<')
			out += "&lt;";
		else if (c == '>')
			out += "&gt;";
		else if (c == '"')
			out += "&quot;";
		else
			out += c;
	}
	return out;
}

std::string formatted(const char *text, ...)
{
	char buffer[500];
	va_list arguments;

	va_start(arguments, text);
	vsnprintf(buffer, sizeof(buffer), text, arguments);
	va_end(arguments);
	return buffer;
}
