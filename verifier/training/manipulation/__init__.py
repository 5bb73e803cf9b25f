"""The FAN of Korus & Memon 2019."""
