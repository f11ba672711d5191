"""The parts. Each module has `measure(options)`, all numbers as JSON, and `page(numbers)`, the
Markdown lines and plots made of them."""
